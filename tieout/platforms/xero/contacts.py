"""Contacts in Xero: the one that documents of a channel name, found or created, followed where it was merged."""

from tieout.calls import Call, correlation_id, lost_answer
from tieout.core.failure import FailureKind, Rejected
from tieout.core.records import Contact
from tieout.platforms import CONTACT_ARCHIVED, Access
from tieout.platforms.xero import wire
from tieout.platforms.xero._asking import ask, named, opened, reading
from tieout.platforms.xero.errors import refusal

_MOST_MERGES = 5
_DUPLICATE = "contact-duplicate-blocks"


def contact(call: Call, access: Access, name: str, key: str) -> Contact:
    """The one active contact of this name (case and blanks aside), created under `key` if there is none.

    A merged contact is followed to the one it was merged into. Raises Rejected (contact-archived) when it is archived.
    """
    found = _contacts(call, access, name)
    active = [each for each, _ in found if each.is_active]
    if active:
        return active[0]
    for _, merged_into in found:
        if merged_into:
            return _followed(call, access, merged_into)
    if found:
        raise _archived(name)
    return _created(call, access, name, key)


def _contacts(call: Call, access: Access, name: str, whatever_case: bool = False) -> list[tuple[Contact, str]]:
    # `where` is quick and minds the case; a text inside it cannot hold quotes. Searching does not mind.
    is_searched = whatever_case or '"' in name or "\\" in name
    by_name = {"searchTerm": name} if is_searched else {"where": f'Name=="{name}"'}
    request = ask(access, "GET", "Contacts", {**by_name, "includeArchived": "true", "page": "1"})
    answer = call(request)
    with reading(request, answer):
        found = [wire.contact_from_wire(each) for each in opened(request, answer, "Contacts")]
    return [each for each in found if _is_same(each[0].name, name)]


def _followed(call: Call, access: Access, contact_id: str) -> Contact:
    for _ in range(_MOST_MERGES):
        request = ask(access, "GET", f"Contacts/{named('id', contact_id)}")
        answer = call(request)
        with reading(request, answer):
            found, contact_id = wire.contact_from_wire(opened(request, answer, "Contacts")[0])
        if found.is_active:
            return found
        if not contact_id:
            raise _archived(found.name)
    raise Rejected(f"a contact was merged more than {_MOST_MERGES} times over", code="contact-merged-in-books")


def _archived(name: str) -> Rejected:
    return Rejected(f"the contact {name!r} is archived; restore it in the books", code=CONTACT_ARCHIVED)


def _created(call: Call, access: Access, name: str, key: str) -> Contact:
    request = ask(access, "PUT", "Contacts", {"summarizeErrors": "false"}, wire.contact_to_wire(name), key)
    answer = call(request)
    elements = opened(request, answer, "Contacts")
    with reading(request, answer):
        judged = wire.judged(elements[0] if elements else None)
    if not judged.has_errors and judged.id:
        return Contact(judged.id, name)
    failure = refusal(judged.errors, answer.status, correlation_id(answer))
    if failure.code == _DUPLICATE:  # there is one in other letters, or somebody else was faster: it is as good
        for each, _ in _contacts(call, access, name, whatever_case=True):
            if each.is_active:
                return each
    if not judged.errors or failure.kind is not FailureKind.REJECTED:
        raise lost_answer(
            request, *(judged.errors or ("the answer gives no id",)), code=failure.code, status=answer.status
        )
    raise Rejected(*failure.words, code=failure.code, status=answer.status, correlation_id=failure.correlation_id)


def _is_same(one: str, other: str) -> bool:
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()
