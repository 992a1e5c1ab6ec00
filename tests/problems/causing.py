"""Causing every problem by the faults its file names, and undoing them: what a person, the wire or a crash would do."""

from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from importlib import import_module
from typing import Any

import pytest

from tests.openid import vouching
from tests.problems import consenting, doors, granting
from tests.sync.conftest import SAMPLES, House
from tests.sync.market import Market, selling_at_amazon
from tests.sync.test_bad_weather import hurried
from tieout.calls import Answer, Request
from tieout.core.mapping import Mapping
from tieout.core.money import Money
from tieout.core.records import Form
from tieout.core.role import role_of
from tieout.core.settlement import Settlement
from tieout.platforms import named
from tieout.sandbox.faults import NAMES
from tieout.store import budgets, mappings, settlements
from tieout.store.engine import read, write
from tieout.sync import channel_accounts, mapping, pausing
from tieout.sync.charts import last_read
from tieout.sync.in_use import books_in_use
from tieout.sync.settlements import prepare_all

SAMPLE = {"": "amazon_v2_uk.txt", "negative": "amazon_v2_negative.txt"}
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
            if name not in ("sample", "wait", "at", "after", "meets", "look", "said"):
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
    basil: Any = None  # a member of a lesser role
    owner: Any = None  # whoever holds what is asked for
    outside: ExitStack = field(default_factory=ExitStack)  # closed by the test

    def cause(self) -> None:
        """Up to the moment at which the product has met it."""
        if act := consenting.cause_of(self.fault) or doors.cause_of(self.fault):
            act(self)
            return
        if self.fault.name in CHANNELS:
            self.market = self.outside.enter_context(selling_at_amazon(self.house))
            CHANNELS[self.fault.name](self, self.market)
            return
        if self.fault.name.startswith("payout-"):
            PAYOUTS[self.fault.name](self)
            return
        if self.fault.name in AT_CONSENT:
            self._arm()
        if self.fault.how.get("meets") == "consent":
            _while_consenting(self)
        self.house.connect()
        self.id = self.house.receive_sample(SAMPLE[self.fault.how.get("sample", "")])
        if self.fault.how.get("meets") != "consent":
            self._look_round()
        MEETS.get(self.fault.how.get("meets", ""), OTHERS.get(self.fault.name, Trouble._outside))(self)

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
            "bank": self._bank(),
            "kind": view.documents[-1].kind.value,
            "dated": view.documents[-1].dated.isoformat(),
        }

    def _bank(self) -> str:
        """An account that no line of a document may name."""
        with read(self.house.tools.engines, self.house.organisation) as db:
            connection = books_in_use(db)
            assert connection is not None
            books = last_read(db, connection.id)
        assert books is not None
        return next(account.code for account in books.accounts if account.kind == "BANK")

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
        """`at` names calls of these books: those that write documents, that look for them, that are made before."""
        world, ledger = self.house.world, self.house.ledger
        how, name = self.fault.how, self.fault.name
        told = getattr(ledger, how["at"]) if "at" in how else {}
        if "said" in how:
            name, words = ledger.said[how["said"]]
            told = told | words
        if "look" in how:
            self.look_fails()
        fault = world.arm(name, **told, **self.fault.options({"wanted": ledger.wanted} | self.facts))
        self.undo = lambda: world.faults.disarm(fault.id)

    def look_fails(self) -> None:
        """What is looked for right after the next write is out of reach once, so that nobody knows for a while."""
        house, armed = self.house, []
        send, calls = house.tools.transport.send, house.ledger.writes["path"]

        def sending(request: Request, *more: Any) -> Answer:
            if request.is_write and fnmatch(request.url, calls) and not armed:
                armed.append(house.world.arm("http-error", status=503, **house.ledger.reads))
            return send(request, *more)

        self.monkeypatch.setattr(house.tools.transport, "send", sending)


# --- By hand, in the books --------------------------------------------------------------------------------------------


def _by_hand(back: dict[str, Any]) -> Callable[[Trouble], None]:
    """A hand, and the one that takes it back: `back` replaces what was told."""

    def act(trouble: Trouble) -> None:
        told = trouble.fault.options(trouble.facts)
        trouble.hand(trouble.fault.name, **told)
        trouble.undo = lambda: trouble.hand(trouble.fault.name, **(told | back))

    return act


def _in_the_books(trouble: Trouble) -> None:
    """A hand at chart, currencies or facts, all of which are put back."""
    trouble.undo = trouble.house.ledger.remembered(trouble.house.world)
    trouble.hand(trouble.fault.name, **trouble.fault.options(trouble.facts))


def _number_taken(trouble: Trouble) -> None:
    """Somebody makes a document of our number: before ours is sent, or `after` it has arrived."""
    told = trouble.fault.options(trouble.facts) | trouble.house.ledger.taken[trouble.facts["kind"]]

    def take() -> None:
        made = trouble.hand("number-taken", **told)
        trouble.undo = lambda: trouble.hand("void", **made)

    if trouble.fault.how.get("after") == "writing":
        _then(trouble, take)
    else:
        take()


def _then(trouble: Trouble, act: Callable[[], None]) -> None:
    """An act in the very moment in which our document has arrived and nobody has read it back."""
    transport, number, acted = trouble.house.tools.transport, trouble.facts["number"].encode(), []
    send = transport.send

    def sending(request: Request, *more: Any) -> Answer:
        answer = send(request, *more)
        if request.is_write and number in (request.body or b"") and not acted:
            acted.append(request)
            act()
        return answer

    trouble.monkeypatch.setattr(transport, "send", sending)


def _once(trouble: Trouble) -> None:
    trouble.hand(trouble.fault.name, **trouble.fault.options(trouble.facts))


HANDS_BACK: dict[str, Callable[[Trouble], None]] = {
    "user-role": _by_hand({"role": "standard"}),
    "tax-edit": _by_hand({"status": "ACTIVE"}),
    "lock-date": _by_hand({"period": None, "year": None}),
    "tenant-gone": _once,
    "chart-edit": _in_the_books,
    "currency-off": _in_the_books,
    "number-taken": _number_taken,
}


# --- Elsewhere --------------------------------------------------------------------------------------------------------


def _doc_edit(trouble: Trouble) -> None:
    """Our document arrived, its answer was lost, and somebody changed it before we looked."""
    told = trouble.fault.options(trouble.facts)
    number = trouble.facts["number"]
    trouble.house.world.arm("reset", when="after", **trouble.house.ledger.writes)
    trouble.look_fails()
    trouble.house.send(trouble.id)
    trouble.hand("doc-edit", number=number, **told)
    if told["act"] != "void":
        trouble.undo = lambda: trouble.hand("doc-edit", number=number, **(told | {"to": trouble.facts["dated"]}))


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
    _keep(house, replace(current, version=current.version + 1, entries=entries))


def _keep(house: House, renewed: Mapping) -> None:
    with write(house.tools.engines, house.organisation) as db:
        mappings.add(db, renewed.to_record(), "Olive Finch", house.tools.now())
    prepare_all(house.tools, house.organisation)


def _own_bank(trouble: Trouble) -> None:
    """The marketplace is new: nobody has said where its money arrives; then somebody sends."""
    house = trouble.house
    current = mapping.current(house.tools, house.organisation)
    _keep(house, replace(current, version=current.version + 1, banks=()))
    house.send(trouble.id)


def _own_meter(trouble: Trouble) -> None:
    """What was read this month is all that is granted: here, and at the stand-in, which would refuse one more."""
    house, platform = trouble.house, named(trouble.house.ledger.name)
    with read(house.tools.engines, "") as db:
        used = budgets.reads_of_month(db, platform.NAME, house.clock())
    stand_in, (counted,) = house.world.stand_in, house.world.evidence("reads")["now"].values()
    assert 0 < used <= counted, "connecting reads a little outside any budget"
    stand_in.switches["reads_per_month"] = counted
    trouble.monkeypatch.setattr(platform, "READS_A_MONTH", used)
    trouble.undo = lambda: trouble.monkeypatch.setattr(platform, "READS_A_MONTH", 100 * used)
    house.send(trouble.id)
    assert not [call for call in house.world.calls if call.status == 429], "it stops before it is refused"
    stand_in.switches["reads_per_month"] = 0


def _own_consent(trouble: Trouble) -> None:
    """A consent whose end is near, or of long ago; what is given from now on lasts as long as ever, and is as asked."""
    if "scopes" in trouble.fault.how:
        granting.long_ago(trouble)
        trouble.house.send(trouble.id)
        return
    house, switches = trouble.house, trouble.house.world.stand_in.switches
    usual = switches["grant_seconds"]
    switches["grant_seconds"] = int(trouble.fault.how["days"]) * 86_400
    house.clock.skip(seconds=1)
    house.connect()
    switches["grant_seconds"] = usual
    house.send(trouble.id)


def _own_kill(trouble: Trouble) -> None:
    """The worker dies at the socket, before or after the write, and its lease runs out."""
    house, when = trouble.house, trouble.fault.how["when"]
    send, killed, calls = house.tools.transport.send, [], house.ledger.writes["path"]

    def dying(request: Request, *more: Any) -> Answer:
        if killed or not request.is_write or not fnmatch(request.url, calls):
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
    told, ledger = trouble.fault.options(trouble.facts), trouble.house.ledger
    platform, most = named(ledger.name), int(told["most"])
    place: Any = platform
    name, less = "LONGEST", {**platform.LONGEST, told.get("text", ""): most}
    if "body" in told:
        path, _, name = ledger.largest_body.rpartition(".")
        place, less = import_module(path), most
    before = getattr(place, name)
    trouble.monkeypatch.setattr(place, name, less)
    trouble.undo = lambda: trouble.monkeypatch.setattr(place, name, before)
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


def _own_identity(trouble: Trouble) -> None:
    """Olive comes by an identity that her account does not have, from a provider that has proven her address."""
    house = trouble.house
    trip = vouching(house.tools, house.clock)
    result = trip.round("google")
    assert result.outcome == "unknown", result
    trouble.facts |= {"sign-in": result.draft, "browser": trip.browser}
    house.send(trouble.id)


def _own_pause(trouble: Trouble) -> None:
    """The organisation was paused for weeks; what it asked to send waits for the check after it is resumed."""
    house = trouble.house
    assert pausing.pause(house.tools, house.actor)
    house.send(trouble.id)
    for _ in range(int(trouble.fault.how["days"])):
        house.clock.skip(days=1, hours=3)
        house.jobs.kinds["tend"]()
    assert not house.documents(), "nothing goes while it is paused"
    assert pausing.resume(house.tools, house.actor)


OTHERS: dict[str, Callable[[Trouble], None]] = {
    "own-identity": _own_identity,
    "doc-edit": _doc_edit,
    "own-mapping": _own_mapping,
    "own-bank": _own_bank,
    "own-meter": _own_meter,
    "own-consent": _own_consent,
    "own-kill": _own_kill,
    "own-pause": _own_pause,
    "own-limit": _own_limit,
    "own-figures": _own_figures,
    **granting.FAULTS,
}
PAYOUTS: dict[str, Callable[[Trouble], None]] = {
    "payout-total": _payout_total,
    "payout-rows": _payout_rows,
    "payout-dates": _payout_dates,
    "payout-edited": _payout_edited,
}


def _while_consenting(trouble: Trouble) -> None:
    """It happens in the very moment in which the consent is exchanged: who may do nothing is not let consent."""
    transport, acted = trouble.house.tools.transport, []
    send = transport.send

    def sending(request: Request, *more: Any) -> Answer:
        answer = send(request, *more)
        if "token" in request.url and not acted:
            acted.append(request)
            HANDS_BACK[trouble.fault.name](trouble)
        return answer

    trouble.monkeypatch.setattr(transport, "send", sending)
    _banks_later(trouble)


def _banks_later(trouble: Trouble) -> None:
    """Where no chart could be read nobody can choose from it: it is done once there is one."""
    house, chosen = trouble.house, []
    choose, sweep = house.choose_banks, house.sweep

    def first_choose() -> None:
        if named(house.ledger.name).FORM is Form.JOURNALS and not chosen:
            with suppress(StopIteration):
                choose()
                chosen.append(True)
        sweep()

    trouble.monkeypatch.setattr(house, "choose_banks", lambda: None)
    trouble.monkeypatch.setattr(house, "sweep", first_choose)


def _nothing(trouble: Trouble) -> None:
    """Nobody sends: it is known already. Whoever reads of it comes a minute later."""
    trouble.house.clock.skip(minutes=1)


def _a_day_later(trouble: Trouble) -> None:
    """It happens while nothing waits, and the daily look finds it."""
    HANDS_BACK[trouble.fault.name](trouble)
    trouble.house.clock.skip(hours=27)
    trouble.house.jobs.kinds["tend"]()


def _until_checked(trouble: Trouble) -> None:
    """Somebody sends, is refused, and presses Check again."""
    trouble._outside()
    trouble.house.clock.skip(minutes=35)
    trouble.house.jobs.kinds["tend"]()


# How the product meets a fault, where it is not by a send.
MEETS: dict[str, Callable[[Trouble], None]] = {
    "consent": _nothing,
    "day": _a_day_later,
    "check": _until_checked,
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
    if name in OTHERS or name in PAYOUTS or name in CHANNELS or name in doors.FAULTS or name in consenting.FAULTS:
        return True
    return name in NAMES and (NAMES[name].where != "hand" or name in HANDS_BACK)
