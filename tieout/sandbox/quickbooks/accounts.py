"""The chart of accounts: types and kinds, names and numbers, parents; the accounts QuickBooks keeps for itself."""

from __future__ import annotations

from functools import cache

from tieout.sandbox import Doc
from tieout.sandbox.quickbooks import currency, posting, refs
from tieout.sandbox.quickbooks.refusals import Findings, fault, table
from tieout.sandbox.quickbooks.state import Asked, Company

CONTROL = frozenset({"Accounts Receivable", "Accounts Payable"})
HELD_IN_A_CURRENCY = frozenset({"Bank", "Credit Card", *CONTROL})
DEEPEST = 5
LONGEST_NUMBERS = {"AU": 20, "CA": 20}  # the others: 7
CHARS_BARRED = ':"\t\n'


@cache
def types() -> dict[str, dict[str, str]]:
    return {row["type"]: row for row in table("accounttypes.csv")}


def save(asked: Asked, body: Doc, old: Doc | None) -> Doc:
    """The account as it will be kept. Raises Fault."""
    findings = Findings()
    company = asked.company
    name = str(body.get("Name") or "")
    if not name:
        findings.add("param-missing", name="Name")
    elif any(sign in name for sign in CHARS_BARRED):
        findings.add("string-invalid", name="Name")
    elif any(
        refs.value(row, "ParentRef") == refs.value(body, "ParentRef")
        for row in others(company, "Account", "Name", name, old)
    ):
        findings.add("account-name-taken")
    _check_number(company, body, old, findings)
    kind = _kind(body, old, findings)
    parent = parent_of(asked, "Account", body, "SubAccount", old, findings)
    held = _currency(asked, body, kind, old, findings)
    findings.check()
    _check_kept(body, old, kind)
    row: Doc = {"Name": name, "SubAccount": parent is not None, "Active": body.get("Active", True)}
    row |= {"FullyQualifiedName": f"{refs.named(parent)}:{name}" if parent else name}
    row |= kind | {"CurrencyRef": currency.ref(held)}
    row |= {"ParentRef": {"value": parent["Id"]}} if parent else {}
    row |= {key: body[key] for key in ("Description", "AcctNum", "TaxCodeRef") if key in body}
    return row


def shown(company: Company, row: Doc) -> Doc:
    """With the balance of the moment: debits less credits for what stands in the balance sheet, zero for the rest."""
    here = posting.own_balance(company, f"Account/{row['Id']}", row)
    of_sheet = here if types()[row["AccountType"]]["sheet"] else posting.ZERO
    # While account numbers are off they are kept and not told.
    hidden = set() if company.facts["account_numbers"] else {"AcctNum"}
    told = {name: value for name, value in row.items() if name not in hidden}
    return told | {"CurrentBalance": of_sheet, "CurrentBalanceWithSubAccounts": of_sheet}


def control(asked: Asked, role: str, code: str) -> Doc:
    """Receivables or payables of a currency; those of a foreign one are made when they are first needed."""
    company = asked.company
    rows = [row for row in company.find("Account", "_role", role) if row["CurrencyRef"]["value"] == code]
    if rows:
        return rows[0]
    model = refs.with_role(company, role)
    assert model is not None, f"every company has an account for {role}"
    name = f"{model['Name']} - {code}"
    made = model | {
        "Id": company.next_id(),
        "Name": name,
        "FullyQualifiedName": name,
        "CurrencyRef": currency.ref(code),
    }
    made.pop("AcctNum", None)
    return company.put("Account", made)


def others(company: Company, entity: str, field: str, value: str, old: Doc | None) -> list[Doc]:
    """Records with that text in that field, letter case ignored, besides the one that is being changed."""
    return [row for row in company.find(entity, field, value) if old is None or row["Id"] != old["Id"]]


def parent_of(asked: Asked, entity: str, body: Doc, flag: str, old: Doc | None, findings: Findings) -> Doc | None:
    """The parent of something nested: there (700), not itself (900), named when the flag says so (6150), not deep."""
    wanted = refs.value(body, "ParentRef")
    if not wanted:
        if body.get(flag):
            findings.add("parent-missing", name=flag)
        return None
    if old is not None and wanted == old["Id"]:
        findings.add("parent-child")
        return None
    row = asked.company.get(entity, wanted)
    if row is None or row.get("Active", True) is False:
        findings.add("parent-invalid", id=wanted)
        return None
    if refs.named(row).count(":") + 2 > DEEPEST:
        findings.add("nested-deep")
    return row


def _check_number(company: Company, body: Doc, old: Doc | None, findings: Findings) -> None:
    number = body.get("AcctNum")
    if not number:
        return
    longest = LONGEST_NUMBERS.get(company.facts["country"], 7)
    if len(number) > longest:
        findings.add("string-length", name="AcctNum", least=0, most=longest, length=len(number))
    if ":" in number:
        findings.add("string-invalid", name="AcctNum")
    if others(company, "Account", "AcctNum", number, old):
        findings.add("account-number-taken", number=number)


def _kind(body: Doc, old: Doc | None, findings: Findings) -> Doc:
    """AccountType and AccountSubType from whichever was sent, and the classification that follows."""
    type_, sub = body.get("AccountType"), body.get("AccountSubType")
    if not type_ and not sub:
        if old is None:
            findings.add("account-type-missing")
            return {}
        return {name: old[name] for name in ("Classification", "AccountType", "AccountSubType")}
    if not type_:
        type_ = next((name for name, row in types().items() if sub in row["subtypes"].split()), None)
    if type_ not in types():
        findings.add("enumeration-invalid", name="AccountType", value=body.get("AccountType") or sub)
        return {}
    known = types()[type_]["subtypes"].split()
    if sub and sub not in known:
        # A change of type with the old sub-type left in place takes the first of the new type.
        if old is None or old["AccountSubType"] != sub:
            findings.add("enumeration-invalid", name="AccountSubType", value=sub)
        sub = None
    return {
        "Classification": types()[type_]["classification"],
        "AccountType": type_,
        "AccountSubType": sub or known[0],
    }


def _currency(asked: Asked, body: Doc, kind: Doc, old: Doc | None, findings: Findings) -> str:
    company = asked.company
    code = refs.value(body, "CurrencyRef") or (old or {}).get("CurrencyRef", {}).get("value") or currency.home(company)
    if not currency.known(company, code):
        findings.add("currency-invalid", value=code)
    elif old is not None and code != old["CurrencyRef"]["value"]:
        findings.add("currency-fixed")
    elif code != currency.home(company) and kind.get("AccountType") not in HELD_IN_A_CURRENCY:
        findings.add("currency-invalid", value=code)
    return str(code)


def _check_kept(body: Doc, old: Doc | None, kind: Doc) -> None:
    if old is None or not old.get("_role"):
        return
    if body.get("Active") is False or kind["AccountType"] != old["AccountType"]:
        raise fault("account-in-use")
