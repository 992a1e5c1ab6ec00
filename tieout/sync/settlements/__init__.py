"""Settlements: receive a statement, prepare what it holds, preview, approve, and show it down to its rows."""

from tieout.sync.reading import expected
from tieout.sync.settlements.approving import approve, send_ready
from tieout.sync.settlements.finding import Choices, Finer, choices
from tieout.sync.settlements.preparing import prepare_all
from tieout.sync.settlements.receiving import files_taken, read_statement, receive, receive_bytes
from tieout.sync.settlements.replacing import use_new_file
from tieout.sync.settlements.rows import Rows, rows, statement_file
from tieout.sync.settlements.sending import Asked, Ready, Stop, ask_to_send, ready, send_all_ready
from tieout.sync.settlements.showing import Listing, Preview, SettlementView, card, listing, preview, view

__all__ = [
    "Asked",
    "Choices",
    "Finer",
    "Listing",
    "Preview",
    "Ready",
    "Rows",
    "SettlementView",
    "Stop",
    "approve",
    "ask_to_send",
    "card",
    "choices",
    "expected",
    "files_taken",
    "listing",
    "prepare_all",
    "preview",
    "read_statement",
    "ready",
    "receive",
    "receive_bytes",
    "rows",
    "send_all_ready",
    "send_ready",
    "statement_file",
    "use_new_file",
    "view",
]
