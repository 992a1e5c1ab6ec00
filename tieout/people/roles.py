"""Roles: one table of who may do what. What the table does not say is refused."""

from enum import StrEnum


class Role(StrEnum):
    OWNER = "owner"
    ADMIN = "admin"
    ACCOUNTANT = "accountant"
    BASIC = "basic"


class Right(StrEnum):
    VIEW = "view"  # read everything of the organisation
    SEND = "send"  # send settlements
    IMPORT = "import"  # upload statements
    MAP = "map"  # say what a label means and where a category books
    CONNECT = "connect"  # connect and disconnect books and channels
    AUDIT = "audit"  # read who changed what
    PEOPLE = "people"  # invite and remove members
    OWN = "own"  # transfer ownership, back up and restore


class NotPermitted(Exception):
    """A person's role does not include a right. `right` is what was missing."""

    def __init__(self, role: str, right: Right) -> None:
        self.role, self.right = role, right
        super().__init__(f"the role {role} may not {right}")


# What an administrator of the installation is in an organisation that a support grant opens. No member has it.
SUPPORT = "support"

_TABLE: dict[str, set[Right]] = {
    Role.BASIC: {Right.VIEW, Right.SEND},
    Role.ACCOUNTANT: {Right.VIEW, Right.SEND, Right.IMPORT, Right.MAP, Right.CONNECT, Right.AUDIT},
    Role.ADMIN: {Right.VIEW, Right.SEND, Right.IMPORT, Right.MAP, Right.CONNECT, Right.AUDIT, Right.PEOPLE},
    Role.OWNER: set(Right),
    SUPPORT: {Right.VIEW},
}


def allows(role: str, right: Right) -> bool:
    """False for a role that is not in the table."""
    return right in _TABLE.get(role, set())


def ensure(role: str, right: Right) -> None:
    """Raises NotPermitted."""
    if not allows(role, right):
        raise NotPermitted(role, right)


def roles_with(right: Right) -> tuple[Role, ...]:
    """Who can help somebody that may not."""
    return tuple(role for role in Role if right in _TABLE[role])
