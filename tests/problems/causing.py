"""Causing every problem by the faults its file names, and undoing them: what a person, the wire or a crash would do."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from tests.sync.conftest import SAMPLES, House
from tests.sync.market import Market, selling_at_amazon
from tests.sync.test_bad_weather import hurried
from tieout.calls import Answer, Request
from tieout.core.mapping import Mapping
from tieout.core.money import Money
from tieout.core.role import role_of
from tieout.core.settlement import Settlement
from tieout.sandbox import xero
from tieout.sandbox.faults import NAMES
from tieout.store import mappings, settlements
from tieout.store.engine import read, write
from tieout.sync import channel_accounts, mapping
from tieout.sync.settlements import prepare_all

SAMPLE = {"": "amazon_v2_uk.txt", "negative": "amazon_v2_negative.txt"}
WRITES: dict[str, Any] = {"method": "PUT", "path": "*/Invoices*"}
AT_CONSENT = ("scope-narrow",)


class Killed(BaseException):
    """The process is gone: no `except Exception` sees it."""


@dataclass(frozen=True)
class Fault:
    """One line of FAULTS: its name, and what it is to do."""

    name: str
    how: dict[str, str]

    @classmethod
    def read(cls, line: str) -> "Fault":
        name, _, rest = line.partition(":")
        return cls(name.strip(), dict(part.partition("=")[::2] for part in rest.split()))

    def options(self, facts: dict[str, str]) -> dict[str, Any]:
        """As the control door takes them: {names} filled, numbers as numbers, a count of 0 without an end."""
        given: dict[str, Any] = {}
        for name, text in self.how.items():
            if name not in ("sample", "wait"):
                given[name] = text.format(**facts)
        if "count" in given:
            given["count"] = int(given["count"]) or None
        for name in ("status", "seconds"):
            if str(given.get(name, "")).isdigit():
                given[name] = int(given[name])
        return given


@dataclass
class Trouble:
    """One fault at work in a house: `id` is the settlement it meets, `undo` puts the outside back as it was."""

    house: House
    fault: Fault
    monkeypatch: pytest.MonkeyPatch
    id: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    undo: Callable[[], object] = lambda: None
    content: bytes = b""
    market: Market | None = None
    account: str = ""
    outside: ExitStack = field(default_factory=ExitStack)  # closed by the test

    def cause(self) -> None:
        """Up to the moment at which the product has met it."""
        if self.fault.name in CHANNELS:
            self.market = self.outside.enter_context(selling_at_amazon(self.house))
            CHANNELS[self.fault.name](self, self.market)
            return
        if self.fault.name.startswith("payout-"):
            PAYOUTS[self.fault.name](self)
            return
        if self.fault.name in AT_CONSENT:
            self._arm()
        self.house.connect()
        self.id = self.house.receive_sample(SAMPLE[self.fault.how.get("sample", "")])
        self._look_round()
        OTHERS.get(self.fault.name, Trouble._outside)(self)

    def mend(self) -> None:
        self.undo()

    def hand(self, name: str, **how: Any) -> Any:
        return self.house.world.hand(name, **how)

    def _look_round(self) -> None:
        view = self.house.view(self.id)
        line = next(line for line in view.documents[0].lines if line.subtotals)
        with read(self.house.tools.engines, self.house.organisation) as db:
            kept = settlements.get(db, self.id)
        assert kept is not None
        category = kept.settlement.subtotals[line.subtotals[0]].category
        self.facts = {
            "account": line.account,
            "tax": line.tax,
            "number": next((d.number for d in view.documents if d.kind == "bill"), view.documents[0].number),
            "currency": view.documents[0].currency,
            "scope": category.value,
            "role": str(role_of(category)),
            "locked": "2026-12-31",
        }

    def _outside(self) -> None:
        """Whatever a stand-in knows: a hand at once, a fault armed; then somebody sends."""
        if self.fault.name in AT_CONSENT:
            pass
        elif NAMES[self.fault.name].where == "hand":
            HANDS_BACK[self.fault.name](self)
        else:
            self._arm()
        if self.fault.name.startswith("hang-"):
            hurried(self.house, self.monkeypatch)
        # Until the access has to be renewed, or the chart to be read again.
        self.house.clock.skip(seconds=int(self.fault.how.get("wait", 0)))
        self.house.send(self.id)

    def _arm(self) -> None:
        world = self.house.world
        fault = world.arm(self.fault.name, **self.fault.options(self.facts))
        self.undo = lambda: world.faults.disarm(fault.id)


# --- By hand, in the books --------------------------------------------------------------------------------------------


def _by_hand(back: dict[str, Any]) -> Callable[[Trouble], None]:
    """A hand, and the one that takes it back: `back` replaces what was told."""

    def act(trouble: Trouble) -> None:
        told = trouble.fault.options(trouble.facts)
        trouble.hand(trouble.fault.name, **told)
        trouble.undo = lambda: trouble.hand(trouble.fault.name, **(told | back))

    return act


def _chart_edit(trouble: Trouble) -> None:
    shelf, tenant, told = _shelf(trouble), _tenant(trouble), trouble.fault.options(trouble.facts)
    before = next(row for row in shelf.all(f"{tenant}/Accounts") if row.get("Code") == told["code"])
    trouble.hand("chart-edit", **told)
    trouble.undo = lambda: shelf.put(f"{tenant}/Accounts", before["AccountID"], before)


def _currency_off(trouble: Trouble) -> None:
    shelf, tenant, told = _shelf(trouble), _tenant(trouble), trouble.fault.options(trouble.facts)
    organisation = shelf.get("organisation", tenant)
    currencies = [(row["Code"], row) for row in shelf.all(f"{tenant}/Currencies")]

    def back() -> None:
        shelf.put("organisation", tenant, organisation)
        for code, row in currencies:
            shelf.put(f"{tenant}/Currencies", code, row)

    trouble.hand("currency-off", **told)
    trouble.undo = back


def _number_taken(trouble: Trouble) -> None:
    made = trouble.hand("number-taken", **trouble.fault.options(trouble.facts))
    trouble.undo = lambda: trouble.hand("void", **made)


def _once(trouble: Trouble) -> None:
    trouble.hand(trouble.fault.name, **trouble.fault.options(trouble.facts))


HANDS_BACK: dict[str, Callable[[Trouble], None]] = {
    "user-role": _by_hand({"role": "standard"}),
    "tax-edit": _by_hand({"status": "ACTIVE"}),
    "lock-date": _by_hand({"period": None, "year": None}),
    "tenant-gone": _once,
    "chart-edit": _chart_edit,
    "currency-off": _currency_off,
    "number-taken": _number_taken,
}


def _shelf(trouble: Trouble) -> Any:
    return xero.of(trouble.house.world).books.shelf


def _tenant(trouble: Trouble) -> str:
    return str(next(row["OrganisationID"] for row in _shelf(trouble).all("organisation")))


# --- Elsewhere --------------------------------------------------------------------------------------------------------


def _doc_edit(trouble: Trouble) -> None:
    """Our document arrived, its answer was lost, and somebody changed it before we looked."""
    told = trouble.fault.options(trouble.facts)
    number = trouble.facts["number"]
    trouble.house.world.arm("reset", when="after", **WRITES)
    trouble.house.send(trouble.id)
    if told["act"] == "void":
        trouble.hand("void", number=number)
        return
    before = next(row for row in _shelf(trouble).all(f"{_tenant(trouble)}/Invoices") if row["InvoiceNumber"] == number)
    trouble.hand("doc-edit", act="edit", number=number, set={told["field"]: told["value"]})
    day = before[told["field"]].isoformat()
    trouble.undo = lambda: trouble.hand("doc-edit", act="edit", number=number, set={told["field"]: day})


def _own_mapping(trouble: Trouble) -> None:
    """Somebody emptied a place of the mapping, or put an account there that no document takes; then somebody sends."""
    house, told = trouble.house, trouble.fault.options(trouble.facts)
    current = mapping.current(house.tools, house.organisation)
    with read(house.tools.engines, house.organisation) as db:
        kept = settlements.get(db, trouble.id)
    assert kept is not None
    meant = [part for part in kept.settlement.subtotals if part.category.value == told["scope"]]
    entries = tuple(pair for pair in current.entries if not any(pair[0].fits(part) for part in meant))
    if "account" in told:
        entries = tuple(
            (node, _with_account(entry, told["account"]) if any(node.fits(part) for part in meant) else entry)
            for node, entry in current.entries
        )
    _replace_mapping(house, current, entries)
    trouble.undo = lambda: _replace_mapping(house, mapping.current(house.tools, house.organisation), current.entries)
    house.send(trouble.id)


def _with_account(entry: Any, account: str) -> Any:
    return type(entry)(account, entry.tax, entry.rate, entry.name)


def _replace_mapping(house: House, current: Mapping, entries: Any) -> None:
    renewed = Mapping(current.version + 1, entries, current.meanings)
    with write(house.tools.engines, house.organisation) as db:
        mappings.add(db, renewed.to_record(), "Olive Finch", house.tools.now())
    prepare_all(house.tools, house.organisation)


def _own_kill(trouble: Trouble) -> None:
    """The worker dies at the socket, before or after the write, and its lease runs out."""
    house, when = trouble.house, trouble.fault.how["when"]
    send, killed = house.tools.transport.send, []

    def dying(request: Request, *more: Any) -> Answer:
        if killed or not request.is_write or "/Invoices" not in request.url:
            return send(request, *more)
        killed.append(request)
        if when == "after":
            send(request, *more)
        raise Killed

    trouble.monkeypatch.setattr(house.tools.transport, "send", dying)
    with pytest.raises(Killed):
        house.send(trouble.id)
    house.clock.skip(seconds=301)


def _own_limit(trouble: Trouble) -> None:
    """The books take shorter texts, or smaller calls, than they did."""
    from tieout.platforms import xero as platform

    told = trouble.fault.options(trouble.facts)
    name, most = "LONGEST" if "text" in told else "LARGEST_BODY", int(told["most"])
    before = getattr(platform, name)
    less = {**before, told["text"]: most} if "text" in told else most
    trouble.monkeypatch.setattr(platform, name, less)
    trouble.undo = lambda: trouble.monkeypatch.setattr(platform, name, before)
    trouble.house.send(trouble.id)


def _own_figures(trouble: Trouble) -> None:
    """A figure that is kept was altered, by whatever hand; then somebody sends."""
    engines, organisation = trouble.house.tools.engines, trouble.house.organisation
    with read(engines, organisation) as db:
        kept = settlements.get(db, trouble.id)
    assert kept is not None
    first, *others = kept.settlement.subtotals
    by = Money(int(trouble.fault.how["by"]), kept.settlement.currency)
    altered = replace(kept.settlement, subtotals=(replace(first, amount=first.amount + by), *others))

    def put(settlement: Settlement) -> None:
        with write(engines, organisation) as db:
            settlements.renew(db, replace(kept, settlement=settlement))

    put(altered)
    trouble.undo = lambda: put(kept.settlement)
    trouble.house.send(trouble.id)


def _payout_total(trouble: Trouble) -> None:
    trouble.content = (SAMPLES / SAMPLE[""]).read_bytes()
    trouble.house.receive("altered.txt", trouble.content.replace(b"\t683.10\t", b"\t683.13\t"))


def _payout_dates(trouble: Trouble) -> None:
    """One row of the file is dated long before the period that the file states."""
    told = trouble.fault.options({})
    head, first, *rows = (SAMPLES / SAMPLE[""]).read_bytes().split(b"\n")
    assert told["from"].encode() in rows[0]
    rows[0] = rows[0].replace(told["from"].encode(), told["to"].encode())
    trouble.house.connect()
    ended = trouble.house.receive("early.txt", b"\n".join((head, first, *rows)))
    trouble.id = str(ended.result["settlements"][0]["id"])


def _payout_edited(trouble: Trouble) -> None:
    """The payout is in the books, and then the channel says a cent more."""
    house = trouble.house
    house.connect()
    older = house.receive_sample(SAMPLE[""])
    house.send(older)
    content = (SAMPLES / SAMPLE[""]).read_bytes()
    more = content.replace(b"\t683.10\t", b"\t683.11\t").replace(b"\t34.95\t", b"\t34.96\t", 1)
    ended = house.receive("newer.txt", more)
    trouble.id = str(ended.result["settlements"][0]["id"])
    (number,) = house.card(older).documents
    trouble.undo = lambda: trouble.hand("void", number=number)


def _payout_rows(trouble: Trouble) -> None:
    trouble.house.connect()
    trouble.id = trouble.house.receive_sample("amazon_v2_unknown_type.txt")


OTHERS: dict[str, Callable[[Trouble], None]] = {
    "doc-edit": _doc_edit,
    "own-mapping": _own_mapping,
    "own-kill": _own_kill,
    "own-limit": _own_limit,
    "own-figures": _own_figures,
}
PAYOUTS: dict[str, Callable[[Trouble], None]] = {
    "payout-total": _payout_total,
    "payout-rows": _payout_rows,
    "payout-dates": _payout_dates,
    "payout-edited": _payout_edited,
}


# --- At the sales channel ---------------------------------------------------------------------------------------------


def _token_dead(trouble: Trouble, market: Market) -> None:
    """The seller withdraws the authorisation, and the next fetch meets it."""
    trouble.account = market.connect()
    market.until_done(trouble.account)
    market.world.hand("channel-token-dead")
    trouble.undo = lambda: market.world.hand("reauthorise")
    trouble.house.clock.skip(hours=7)
    market.timetable()


def _late(trouble: Trouble, market: Market) -> None:
    """A payout is published after the fetch, and somebody checks before the next one."""
    trouble.account = market.connect()
    market.until_done(trouble.account)
    market.world.hand("payout-late")
    channel_accounts.check(trouble.house.tools, trouble.house.actor, trouble.account)


def _left_out(trouble: Trouble, market: Market) -> None:
    """One settlement of a continuous series is left out, and turns up later."""
    british = [each for each in market.world.evidence("settlements") if each["is_listed"] and each["currency"] == "GBP"]
    left = sorted(british, key=lambda each: str(each["start"]))[len(british) // 2]["id"]
    market.world.hand("payout-missing", settlement=left)
    trouble.undo = lambda: market.world.hand("payout-late", settlement=left)
    trouble.account = market.connect()
    market.until_done(trouble.account)
    market.timetable()


CHANNELS: dict[str, Callable[[Trouble, Market], None]] = {
    "channel-token-dead": _token_dead,
    "payout-late": _late,
    "payout-missing": _left_out,
}


def is_known(name: str) -> bool:
    """Whether anything here or in the stand-in can cause it."""
    if name in OTHERS or name in PAYOUTS or name in CHANNELS:
        return True
    return name in NAMES and (NAMES[name].where != "hand" or name in HANDS_BACK)
