"""One settlement as text: what the page shows, for the console."""

from tieout.cli._doors import say
from tieout.cli._table import table
from tieout.sync.settlements import SettlementView


def settlement_text(found: SettlementView) -> None:
    card = found.card
    say(f"{card.channel} settlement {card.number}, {card.marketplace or 'no marketplace'}, version {card.version}")
    say(f"{card.start} to {card.end}, months by {found.zone}; deposit {card.total}; {found.rows:,} rows")
    say(f"{card.status_text}: {card.reason}")
    for gap in found.gaps:
        say(f"  missing: {gap.message} ({gap.amount}, {gap.rows} rows)")
    for document in found.documents:
        say(f"\n{document.kind.value} {document.number}, {document.dated}, {document.contact}, total {document.total}")
        rows = [
            (line.description, line.account, line.tax, str(line.gross), str(line.vat), f"{line.rows:,}")
            for line in document.lines
        ]
        table(("Line", "Account", "Tax", "Gross", "of it tax", "Rows"), rows)
    for proof in (*found.proofs, *found.neighbours):
        say(f"  {'holds' if proof.holds else 'does not hold'}: {proof.code} {proof.text}")
    for posting in found.postings:
        say(f"\n{posting.number}: {posting.state}{', ' + posting.note if posting.note else ''}")
        for attempt in posting.attempts:
            words = attempt.failure.sentence if attempt.failure else ""
            began = f"{attempt.began_at:%Y-%m-%d %H:%M:%S}"
            say(f"  attempt {attempt.number} at {began}: {attempt.outcome or 'open'} {words}")
        if posting.link:
            say(f"  {posting.link}")
