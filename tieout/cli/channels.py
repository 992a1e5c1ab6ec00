"""`channels`: seller accounts at the console; connect one, list them, fetch now, check, disconnect."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from tieout.cli._doors import Exit, actor_of, fail, looking, organisation_of, say, say_json, working
from tieout.cli._table import table
from tieout.cli.settlements import plain, wait_for

_Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
_Account = Annotated[str, typer.Argument(help="Its id, as `tieout channels list` prints it.")]


def add(commands: typer.Typer) -> None:
    group = typer.Typer(help="Shops and seller accounts whose payouts come in by themselves.", no_args_is_help=True)
    group.command("list")(list_accounts)
    group.command("connect")(connect)
    group.command("payouts")(payouts)
    group.command("fetch")(fetch)
    group.command("check")(check)
    group.command("disconnect")(disconnect)
    commands.add_typer(group, name="channels")


def list_accounts(context: typer.Context, as_json: _Json = False) -> None:
    """List the accounts: state, last and next fetch, what was brought in, and why one is not asked."""
    from tieout.sync import channel_accounts

    with looking(context) as product:
        found = channel_accounts.cards(product.tools, organisation_of(product.tools))
    if as_json:
        say_json(plain(found))
        return
    rows = [
        (
            card.account.id,
            card.label,
            card.account.name,
            card.account.state.value,
            _moment(card.account.fetched_at),
            _moment(card.account.next_at),
            str(card.kept),
            str(card.waiting),
            card.account.words or card.account.cause,
        )
        for card in found
    ]
    table(("Id", "At", "Account", "State", "Last fetch", "Next fetch", "Here", "To come", "Why"), rows)
    if not found:
        say("No channel is connected: `tieout channels connect`.")


def connect(
    context: typer.Context,
    channel: Annotated[str, typer.Argument(help="Which one; without a name they are listed.")] = "",
    given: Annotated[
        list[str] | None, typer.Option("--given", help="name=value, as the channel asks; may be repeated. Else asked.")
    ] = None,
    reconnects: Annotated[str, typer.Option("--reconnects", help="Id of the account to give a new access.")] = "",
    as_json: _Json = False,
) -> None:
    """Connect a shop or seller account: asks for what the channel needs, and tries it with one real call.

    A secret given with --given stands in the history of the shell; left out, it is asked for without being shown.
    """
    from tieout.sync import channel_accounts

    with working(context) as product:
        offer = channel_accounts.offer(product.tools, channel)
        if offer is None:
            names = ", ".join(each.channel for each in channel_accounts.offers(product.tools))
            fail(f"Name the channel: {names}.", Exit.USAGE)
        if offer.app_lacks:
            fail(offer.app_lacks, Exit.CANNOT_START)
        values = _given(offer, given or [], as_json)
        joined = channel_accounts.connect(product.tools, actor_of(product.tools), channel, values, reconnects)
    if not joined.account:
        fail(f"Not connected. {joined.words}")
    if as_json:
        say_json({"account": joined.account})
        return
    say(f"Connected: {joined.account}. Payouts of up to {offer.history_days} days back are fetched by themselves.")


def payouts(
    context: typer.Context,
    account: _Account,
    limit: Annotated[int, typer.Option("--limit", help="How many, the newest first.", min=1, max=1000)] = 50,
    as_json: _Json = False,
) -> None:
    """List what the channel has named, and what became of each."""
    from tieout.sync import channel_accounts

    with looking(context) as product:
        card = channel_accounts.card(product.tools, organisation_of(product.tools), account, limit)
    if card is None:
        fail(f"There is no account {account}; `tieout channels list` names them.")
    if as_json:
        say_json(plain(card.items))
        return
    rows = [(_moment(item.at), item.label, _stands(item), item.operation, item.words) for item in card.items]
    table(("Dated", "Payout", "Stands", "Reading", "Why"), rows)


def fetch(
    context: typer.Context,
    account: _Account,
    since: Annotated[str, typer.Option("--since", help="From this day on, as in 2026-10-01; else what is new.")] = "",
    as_json: _Json = False,
) -> None:
    """Fetch new payouts now, and wait until they are here; a channel may let one document a minute through."""
    from tieout.sync import fetching

    with working(context) as product:
        operation = fetching.ask_now(product.tools, actor_of(product.tools), account, _day(since))
        if operation is None:
            fail(f"{account} cannot be asked: see `tieout channels list` for why.")
        ended = wait_for(product.tools, organisation_of(product.tools), operation)
    if as_json:
        say_json(plain(ended))
    else:
        say(ended.message)
    if ended.state == "failed":
        raise typer.Exit(int(Exit.FAILED))


def check(context: typer.Context, account: _Account, as_json: _Json = False) -> None:
    """Ask what the channel names, and compare it with what is here. Nothing is fetched."""
    from tieout.core.failure import RemoteError
    from tieout.sync import channel_accounts

    with working(context) as product:
        try:
            card = channel_accounts.check(product.tools, actor_of(product.tools), account)
        except RemoteError as error:
            fail(f"The channel says no: {error.failure.sentence}")
    if card is None:
        fail(f"There is no connected account {account}; `tieout channels list` names them.")
    if as_json:
        say_json(plain(card))
        return
    say(f"{card.account.name} answers. Here: {card.kept}; to come: {card.waiting}; not given any more: {card.gone}.")


def disconnect(context: typer.Context, account: _Account) -> None:
    """End one here and erase its access. What it brought in stays."""
    from tieout.sync import channel_accounts

    with working(context) as product:
        ended = channel_accounts.disconnect(product.tools, actor_of(product.tools), account)
    if ended is None:
        fail(f"There is no connected account {account}; `tieout channels list` names them.")
    say(f"Disconnected here. To end it there too: {ended.leaving}")


def _given(offer: Any, given: list[str], is_silent: bool) -> dict[str, str]:
    """What was given, and what is still asked for at the console."""
    told = dict(each.partition("=")[::2] for each in given)
    known = {need.name for need in offer.needs}
    if unknown := sorted(set(told) - known):
        fail(
            f"{offer.label} does not ask for {', '.join(unknown)}; it asks for {', '.join(sorted(known))}.", Exit.USAGE
        )
    for need in offer.needs:
        if need.name not in told and not is_silent and not (need.is_optional and given):
            choices = f" [{', '.join(value for value, _ in need.choices)}]" if need.choices else ""
            words = f"{need.label}{choices}{' (optional)' if need.is_optional else ''}"
            told[need.name] = str(typer.prompt(words, default="", show_default=False, hide_input=need.is_secret))
    return told


def _day(text: str) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.fromisoformat(f"{text}T00:00:00").replace(tzinfo=UTC)
    except ValueError:
        fail(f"{text!r} is no day: write it like 2026-10-01.", Exit.USAGE)


def _stands(item: Any) -> str:
    return item.state.value if item.is_ready or item.state.value != "listed" else "not paid out yet"


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else ""
