"""Contact groups: at most a hundred; contacts put in and taken out."""

from __future__ import annotations

from tieout.sandbox import Answer, Doc
from tieout.sandbox.xero import fields, refusals, shape
from tieout.sandbox.xero.kinds import KINDS
from tieout.sandbox.xero.refusals import Refused
from tieout.sandbox.xero.rules import Verdict
from tieout.sandbox.xero.state import Asked

MOST_GROUPS = 100


def save(asked: Asked, sent: Doc, creating: bool, row_id: str | None) -> Doc:
    """Creates, renames or deletes one group. Raises Invalid, Refused."""
    named = row_id or (None if creating else sent.get("ContactGroupID"))
    before = asked.row("ContactGroups", str(named)) if named else None
    if named and before is None:
        raise Refused(refusals.not_found())
    verdict = Verdict()
    name = str(sent.get("Name") or (before or {}).get("Name") or "")
    if not name:
        verdict.error("field-missing", field="Name")
    active = [row for row in asked.rows("ContactGroups") if row["Status"] == "ACTIVE"]
    if before is None and len(active) >= MOST_GROUPS:
        verdict.error("contact-groups-limit")
    if any(row["Name"].lower() == name.lower() and row is not before for row in active):
        verdict.error("account-name-taken")
    verdict.check(sent, "ContactGroupID")
    row: Doc = before or {"ContactGroupID": asked.new_id(), "Contacts": []}
    row = row | {"Name": name, "Status": sent.get("Status", row.get("Status", "ACTIVE"))}
    return asked.keep("ContactGroups", row["ContactGroupID"], row)


def change_members(asked: Asked, group: Doc, contact_id: str | None) -> Answer:
    """PUT adds the contacts sent; DELETE takes one out, or all. Raises Refused 404 for an unknown contact."""
    if asked.request.method == "DELETE":
        gone = {one["ContactID"] for one in group["Contacts"] if contact_id in {None, one["ContactID"]}}
        if contact_id is not None and not gone:
            raise Refused(refusals.not_found())
        _keep(asked, group, [one for one in group["Contacts"] if one["ContactID"] not in gone])
        return Answer(204)
    held = {one["ContactID"]: one for one in group["Contacts"]}
    for sent in fields.elements(asked.request, KINDS["contacts"]):
        contact = asked.row("Contacts", str(sent.get("ContactID", "")))
        if contact is None:
            raise Refused(refusals.not_found())
        held[contact["ContactID"]] = {"ContactID": contact["ContactID"], "Name": contact["Name"]}
    _keep(asked, group, list(held.values()))
    return shape.envelope(asked, "Contacts", list(held.values()))


def _keep(asked: Asked, group: Doc, members: list[Doc]) -> None:
    before = {one["ContactID"] for one in group["Contacts"]}
    after = {one["ContactID"] for one in members}
    asked.keep("ContactGroups", group["ContactGroupID"], group | {"Contacts": members})
    brief = {"ContactGroupID": group["ContactGroupID"], "Name": group["Name"], "Status": group["Status"]}
    for contact_id in before ^ after:
        contact = asked.row("Contacts", contact_id)
        if contact is not None:
            others = [one for one in contact["ContactGroups"] if one["ContactGroupID"] != group["ContactGroupID"]]
            kept = [*others, brief] if contact_id in after else others
            asked.keep("Contacts", contact_id, contact | {"ContactGroups": kept})
