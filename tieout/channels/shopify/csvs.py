"""Settlements out of the transactions export, stated totals out of the payouts export."""

from zoneinfo import ZoneInfo

from tieout.channels._refused import Refused
from tieout.channels.shopify import payouts
from tieout.channels.shopify.export import Export, Progress
from tieout.channels.shopify.layout import PAID
from tieout.channels.shopify.quick import Quick
from tieout.channels.shopify.tally import FAILED, NAME, ON_ITS_WAY, Tally, settlement_of
from tieout.channels.shopify.transactions import Transactions, waiting_words
from tieout.channels.shopify.zones import elsewhere, own_zone
from tieout.core.money import Money
from tieout.core.places import Places
from tieout.core.settlement import UNCONFIRMED, Reading, Refusal, Statement, Warning


def read(statement: Statement, zone: ZoneInfo | None = None, progress: Progress | None = None) -> Reading:
    """Every payout of the file, or every refusal."""
    encoding = ""
    try:
        export = Export(statement.content)
        encoding = export.text.encoding
        if export.layout is PAID:
            stated = payouts.read(export, progress)
            return Reading(NAME, (), (), tuple(export.findings.warnings), encoding, stated)
        transactions = Transactions(export)
        tallies = transactions.read(progress)
        if export.findings.refusals:
            raise Refused(*sorted(export.findings.refusals, key=lambda refusal: refusal.row))
        return reading_of(transactions, tallies, zone, statement.digest)
    except Refused as refused:
        return Reading(NAME, refusals=refused.refusals, encoding=encoding)


def reading_of(transactions: Transactions, tallies: tuple[Tally, ...], zone: ZoneInfo | None, digest: str) -> Reading:
    """Raises Refused where a payout's own row contradicts its rows."""
    if wrong := tuple(refusal for tally in tallies for refusal in contradicted(tally)):
        raise Refused(*wrong)
    if zone is None:
        zone = zone_of(transactions, tallies)
    elif printed := elsewhere(zone, transactions.export.firsts.items()):
        text = f"The shop's own clock is another than that of {zone.key}, by which months are counted: {printed}."
        transactions.findings.warn("zone-differs", text)
    settlements = tuple(settlement_of(tally, zone, digest) for tally in tallies)
    warnings = [*transactions.findings.warnings]
    for (state, currency), waiting in transactions.waiting.items():
        warnings.append(Warning("rows-waiting", waiting_words(state, currency, waiting), waiting.first_row))
    for tally in tallies:
        warnings += warnings_of(tally, is_stated=bool(tally.stated))
    return Reading(NAME, settlements, (), tuple(warnings), transactions.export.text.encoding)


class Counting:
    """The quick reader: what `read` would say of a large transactions export, or Unusual."""

    def __init__(self, first: bytes) -> None:
        self._quick = Quick(first)

    def add(self, piece: bytes) -> None:
        self._quick.add(piece)

    @property
    def has_only_known(self) -> bool:
        export = self._quick.transactions.export
        return set(export.table.names) <= export.layout.columns

    def places(self) -> Places:
        return self._quick.places()

    def reading(self, zone: ZoneInfo | None, digest: str) -> Reading:
        """When every piece is in."""
        return reading_of(self._quick.transactions, self._quick.payouts(), zone, digest)


def contradicted(tally: Tally) -> list[Refusal]:
    """The payout's own rows take its total out of the balance; whatever they say else, the rows do not meet."""
    if not tally.stated or -sum(tally.stated) == tally.minor:
        return []
    said, added = Money(-sum(tally.stated), tally.currency), Money(tally.minor, tally.currency)
    return [
        Refusal(
            "source-total-mismatch",
            f"Payout {tally.id}: the file says {said}, its rows add up to {added}: {abs(added - said).amount:f} apart."
            " Export the file again.",
            tally.row,
            tally.id,
        )
    ]


def warnings_of(tally: Tally, is_stated: bool) -> list[Warning]:
    """What a person should know of one payout."""
    found = []
    for is_far, (row, rows) in sorted(tally.late.items()):
        code, what = ("date-out-of-window", "more than a day") if is_far else ("date-near-window", "up to a day")
        lie = "row is" if rows == 1 else "rows are"
        text = f"{rows} {lie} dated {what} after the payout {tally.id} of {tally.paid_on}; first line {row}."
        found.append(Warning(code, text, row, tally.id))
    if not is_stated:
        text = (
            f"Nothing but its own rows says what the payout of {tally.paid_on} ({tally.currency}) amounts to, and an"
            " export may have left some out. Import the payouts export of that day as well: Finance, Payouts, Export."
        )
        found.append(Warning(UNCONFIRMED, text, tally.row, tally.id))
    if tally.state == ON_ITS_WAY:
        text = f"On its way: Shopify expects it at the bank on {tally.paid_on}; it is not there yet."
        found.append(Warning("payout-in-transit", text, tally.row, tally.id))
    if tally.state == FAILED:
        text = f"The payout of {tally.paid_on} failed: no bank line will show it; Shopify pays it again later."
        found.append(Warning("payout-failed", text, tally.row, tally.id))
    return found


def zone_of(transactions: Transactions, tallies: tuple[Tally, ...]) -> ZoneInfo:
    """The shop's own zone as far as the file tells; else UTC, which is told."""
    currency = tallies[0].currency if tallies else ""
    zone = own_zone(currency, transactions.export.firsts.items())
    if zone is None and tallies:
        transactions.findings.warn(
            "zone-unknown", "The file does not tell the shop's time zone, so its months are those of UTC."
        )
    return zone or ZoneInfo("UTC")
