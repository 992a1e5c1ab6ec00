"""Money that settles: payments of customers and payments of bills, with the gain or loss of the rates between."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from tieout.sandbox import Doc
from tieout.sandbox.quickbooks import accounts, currency, names, refs, rules, settling
from tieout.sandbox.quickbooks.posting import ZERO, Entry, cents, posts, total
from tieout.sandbox.quickbooks.refusals import Findings
from tieout.sandbox.quickbooks.settling import Built
from tieout.sandbox.quickbooks.state import Asked

# What a payment settles, and with which sign: a credit used up pays for an invoice or bill.
SETTLES = {"Payment": {"Invoice": 1, "CreditMemo": -1}, "BillPayment": {"Bill": 1, "VendorCredit": -1}}
COPIED = frozenset({"PrivateNote", "PaymentRefNum", "CreditCardPayment", "PayType", "DocNumber"})


def build_payment(asked: Asked, body: Doc, old: Doc | None) -> Built:
    """A customer's payment. Raises Fault."""
    findings = Findings()
    customer = refs.needed(asked, "Customer", body, "CustomerRef", findings)
    row, links = _both(asked, "Payment", body, old, customer, "CustomerRef", findings)
    money = refs.found(asked, "Account", body, "DepositToAccountRef", findings)
    if money is not None and money["AccountType"] not in {"Bank", "Other Current Asset"}:
        findings.add("account-type", name="DepositToAccountRef", value=money["AccountType"])
    money = money or refs.with_role(asked.company, "undeposited")
    method = refs.found(asked, "PaymentMethod", body, "PaymentMethodRef", findings)
    assert money is not None, "every company has undeposited funds"
    currency.check_account(asked.company, money, row["CurrencyRef"]["value"], findings)
    findings.check()
    assert customer is not None, "refused above"
    row |= {"CustomerRef": refs.ref(customer), "DepositToAccountRef": refs.ref(money), "ProcessPayment": False}
    row |= {"PaymentMethodRef": refs.ref(method)} if method else {}
    row["UnappliedAmt"] = row["TotalAmt"] - _net("Payment", links)
    row["_posts"] = _posts(asked, "Payment", row, links, money, f"Customer/{customer['Id']}")
    return Built(row, links)


def build_bill_payment(asked: Asked, body: Doc, old: Doc | None) -> Built:
    """A payment of bills, from a bank account or a card; a credit is applied by one that links both. Raises Fault."""
    findings = Findings()
    vendor = refs.needed(asked, "Vendor", body, "VendorRef", findings)
    row, links = _both(asked, "BillPayment", body, old, vendor, "VendorRef", findings)
    money = _paid_from(asked, body, findings)
    if money is not None:
        currency.check_account(asked.company, money, row["CurrencyRef"]["value"], findings)
    number = rules.number(asked, "BillPayment", body, old)
    findings.check()
    assert vendor is not None and money is not None, "refused above"
    row |= {"VendorRef": refs.ref(vendor)} | ({"DocNumber": number} if number else {})
    field, inner = _PAY_FIELDS[row["PayType"]]
    row[field] = {inner: refs.ref(money)}
    row["_posts"] = _posts(asked, "BillPayment", row, links, money, f"Vendor/{vendor['Id']}")
    return Built(row, links)


_PAY_FIELDS = {"Check": ("CheckPayment", "BankAccountRef"), "CreditCard": ("CreditCardPayment", "CCAccountRef")}
_PAY_TYPES = {"Check": {"Bank"}, "CreditCard": {"Credit Card"}}


def _paid_from(asked: Asked, body: Doc, findings: Findings) -> Doc | None:
    how = body.get("PayType")
    if how is None:
        findings.add("param-missing", name="PayType")
        return None
    field, inner = _PAY_FIELDS[how]
    row = refs.needed(asked, "Account", body.get(field) or {}, inner, findings)
    if row is not None and row["AccountType"] not in _PAY_TYPES[how]:
        findings.add("account-type", name=inner, value=row["AccountType"])
    return row


def _both(
    asked: Asked, entity: str, body: Doc, old: Doc | None, who: Doc | None, field: str, findings: Findings
) -> tuple[Doc, dict[str, Decimal]]:
    amount = body.get("TotalAmt")
    if amount is None:
        findings.add("amount-missing")
    elif amount < 0:
        findings.add("total-negative", text=asked.company.switches["negative_receipt_text"])
    held = names.held_in(asked.company, who) if who else ""
    code, rate = currency.of_document(asked, body, findings, held)
    source = f"{entity}/{(old or {}).get('Id', '')}"
    lines, links = list[Doc](), dict[str, Decimal]()
    if who is not None:
        lines, links = settling.links_of(asked, body, source, field, tuple(SETTLES[entity]), findings)
    whole, used = amount or ZERO, _net(entity, links)
    if used > whole or used < 0:
        findings.add("applied-too-much", applied=used, amount=whole)
    row = {name: value for name, value in body.items() if name in COPIED} | rules.tracked(asked, body, findings)
    row |= {"TxnDate": rules.day_of(asked, body).isoformat(), "TotalAmt": whole, "Line": lines}
    return row | currency.shown(asked.company, code, rate) | {"_rate": rate}, links


def _net(entity: str, links: Mapping[str, Decimal]) -> Decimal:
    return total(SETTLES[entity][key.partition("/")[0]] * amount for key, amount in links.items())


def _posts(asked: Asked, entity: str, row: Doc, links: Mapping[str, Decimal], money: Doc, name: str) -> list[Doc]:
    """What is settled leaves the ledger at the rate it came in with; the rest is a gain or loss."""
    company, whole, rate = asked.company, row["TotalAmt"], row.pop("_rate")
    sign, role = (1, "receivable") if entity == "Payment" else (-1, "payable")
    control = accounts.control(asked, role, row["CurrencyRef"]["value"])
    settled_home = cents((whole - _net(entity, links)) * rate)
    for key, amount in links.items():
        kind, _, row_id = key.partition("/")
        target = company.get(kind, row_id) or {}
        settled_home += SETTLES[entity][kind] * cents(amount * target.get("ExchangeRate", Decimal(1)))
    paid_home = cents(whole * rate)
    entries = [
        Entry(money["Id"], sign * whole, home=sign * paid_home),
        Entry(control["Id"], -sign * whole, name, -sign * settled_home),
    ]
    if gain := paid_home - settled_home:
        account = refs.with_role(company, "exchange")
        assert account is not None, "a company with several currencies has an account for their gains"
        entries.append(Entry(account["Id"], ZERO, home=-sign * gain))
    return posts(entries, rate, row["CurrencyRef"]["value"])
