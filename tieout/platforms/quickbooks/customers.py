"""Customers in QuickBooks: the one that documents of a channel name, found or created."""

from tieout.calls import Call
from tieout.core.failure import Rejected
from tieout.core.records import Contact
from tieout.platforms import CONTACT_ARCHIVED, Access
from tieout.platforms._exact import encode
from tieout.platforms.quickbooks._asking import ask, held, rows

_SUFFIX = " (customer)"  # names are shared with vendors and employees
_LONGEST_NAME = 500
_UNFIT = str.maketrans({":": " ", "\t": " ", "\n": " ", "\r": " "})


def contact(call: Call, access: Access, name: str, key: str) -> Contact:
    """The active customer of this name, created under `key` if there is none; with a suffix where a vendor or an
    employee has the name. Raises Rejected (contact-archived) when it was made inactive.
    """
    plain = " ".join(name.translate(_UNFIT).split())[: _LONGEST_NAME - len(_SUFFIX)]
    for display_name in (plain, plain + _SUFFIX):
        if found := _found(call, access, display_name):
            return found
    try:
        return _created(call, access, plain, key)
    except Rejected as error:
        if error.failure.code != "contact-duplicate-blocks":
            raise
    # A vendor's or an employee's, or a customer that somebody else has just made.
    return _found(call, access, plain) or _created(call, access, plain + _SUFFIX, key + _SUFFIX)


def _found(call: Call, access: Access, name: str) -> Contact | None:
    # Without the condition on Active those made inactive are hidden.
    found = rows(call, access, "Customer", ("DisplayName", "=", name), ("Active", "IN", (True, False)))
    same = [each for each in found if str(each.get("DisplayName", "")).casefold() == name.casefold()]
    active = [each for each in same if each.get("Active") is not False]
    if same and not active:
        words = f"the customer {name!r} was made inactive; make it active again in the books"
        raise Rejected(words, code=CONTACT_ARCHIVED)
    return Contact(str(active[0].get("Id", "")), str(active[0].get("DisplayName", ""))) if active else None


def _created(call: Call, access: Access, name: str, key: str) -> Contact:
    request = ask(access, "POST", "customer", None, encode({"DisplayName": name}), key)
    made = held(request, call(request), "Customer")
    return Contact(str(made.get("Id", "")), str(made.get("DisplayName", "")))
