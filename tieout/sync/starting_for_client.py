"""An accountant starts for a client: a completion link by which the client authorises channels with their own login.

The link opens once, for one browser, which then is the client's for a day. It reaches nothing but the connecting of
channels, and becoming the organisation's owner where that is offered. Who sent it is told when the client is done.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from tieout.core.actor import Actor
from tieout.people import acting, letters, passwords
from tieout.people.accounts import AddressTaken, NewAccount, create_account
from tieout.people.digests import digest, new_token
from tieout.people.members import Impossible
from tieout.people.roles import NotPermitted, Right, Role
from tieout.store import channel_accounts as account_rows
from tieout.store import completion_links as rows
from tieout.store import drafts, memberships, organisations, people
from tieout.store.completion_links import CompletionLink
from tieout.store.engine import Db, read, write
from tieout.sync import channel_accounts
from tieout.sync.channel_accounts import Joined
from tieout.sync.tools import Tools

DAYS = 7
AT_IT = timedelta(hours=24)
OVER = "This link was used, withdrawn or is older than a week. Ask whoever sent it for a new one."
NOT_OFFERED = "The ownership is not offered any more. Ask whoever sent the link."


@dataclass(frozen=True, slots=True)
class Sent:
    """A link just made: a path of ours, kept nowhere else."""

    link: CompletionLink
    path: str


@dataclass(frozen=True, slots=True)
class Task:
    """What a link is for, as the client sees it. `reconnects` is the name of the one account to authorise again.

    `is_known`: somebody with the link's address has an account here.
    """

    link: CompletionLink
    organisation: str
    name: str
    reconnects: str
    channel: str
    is_known: bool

    @property
    def actor(self) -> Actor:
        """The client acts without an account; who sent the link answers for it, and the log names both."""
        return Actor(self.organisation, "", f"{self.link.email}, by a link of {self.link.made_by_name}"[:120])


def send(
    tools: Tools, actor: Actor, email: str, words: str = "", reconnects: str = "", offers_ownership: bool = False
) -> Sent:
    """Sends the client a letter with the link. `reconnects` is one channel account to be authorised again.

    Raises NotPermitted, for ownership to who is no owner too, and Impossible.
    """
    email, now, token = email.strip().lower(), tools.now(), f"{actor.organisation}.{new_token()}"
    with write(tools.engines, actor.organisation) as db:
        _ensure(db, actor, offers_ownership)
        if reconnects and account_rows.find(db, reconnects) is None:
            raise Impossible("There is no such seller account here.")
        made = CompletionLink(
            organisation=actor.organisation,
            id=tools.new_id(),
            email=email,
            words=" ".join(words.split())[:500],
            digest=digest(token),
            state="sent",
            reconnects=reconnects,
            offers_ownership=offers_ownership,
            made_by=actor.person,
            made_by_name=actor.name[:120],
            sent_at=now,
            ends_at=now + timedelta(days=DAYS),
        )
        rows.add(db, made)
        sent = _sent(db, tools, actor, made, token)
        acting.record(db, actor, "completion-link-sent", f"completion-link:{made.id}", now, {"email": email})
    return sent


def send_again(tools: Tools, actor: Actor, id: str) -> Sent:
    """A new link in the place of the earlier one, also after it was used. Raises NotPermitted and Impossible."""
    now, token = tools.now(), f"{actor.organisation}.{new_token()}"
    with write(tools.engines, actor.organisation) as db:
        found = _found(db, actor, id)
        if not rows.send_again(
            db, id, digest(token), (actor.person, actor.name[:120]), now, now + timedelta(days=DAYS)
        ):
            raise Impossible(OVER)
        sent = _sent(db, tools, actor, found, token)
        acting.record(db, actor, "completion-link-sent", f"completion-link:{id}", now, {"email": found.email})
    return sent


def withdraw(tools: Tools, actor: Actor, id: str) -> None:
    """Nobody gets in with it any more, not even who is at it. Raises NotPermitted and Impossible."""
    with write(tools.engines, actor.organisation) as db:
        found = _found(db, actor, id)
        if not rows.withdraw(db, id):
            raise Impossible(OVER)
        acting.record(
            db, actor, "completion-link-withdrawn", f"completion-link:{id}", tools.now(), {"email": found.email}
        )


def listed(tools: Tools, organisation: str) -> tuple[CompletionLink, ...]:
    with read(tools.engines, organisation) as db:
        return rows.listed(db)


# --- The client's side ----------------------------------------------------------------------------------------------


def look(tools: Tools, token: str) -> Task | None:
    """What a link is for; looking does not use it up. None for one that opens nothing."""
    organisation = _organisation(token)
    if not organisation:
        return None
    with read(tools.engines, organisation) as db:
        found = rows.by_digest(db, digest(token))
        is_open = found and found.state == "sent" and tools.now() < found.ends_at
        return _task(db, found) if found and is_open and _holds(db, found) else None


def open_once(tools: Tools, token: str) -> str:
    """Uses the link up; the secret that makes one browser the client's. Raises Impossible."""
    organisation, secret = _organisation(token), new_token()
    if not organisation:
        raise Impossible(OVER)
    with write(tools.engines, organisation) as db:
        found = rows.by_digest(db, digest(token))
        if found is None or not _holds(db, found):
            raise Impossible(OVER)
        if not rows.open_with(db, found.id, digest(token), digest(secret), tools.now()):
            raise Impossible(OVER)
        actor = Actor(organisation, "", found.email)
        acting.record(db, actor, "completion-link-opened", f"completion-link:{found.id}", tools.now())
    return f"{organisation}.{secret}"


def task_of(tools: Tools, secret: str) -> Task | None:
    """What the browser with this secret may do now; None when its day is over, or its sender lost the right."""
    organisation = _organisation(secret)
    if not organisation:
        return None
    with read(tools.engines, organisation) as db:
        found = rows.by_guest(db, digest(secret.partition(".")[2]))
        is_at_it = found and found.opened_at and tools.now() < found.opened_at + AT_IT
        return _task(db, found) if found and is_at_it and _holds(db, found) else None


def connect(tools: Tools, secret: str, channel: str, given: Mapping[str, str]) -> Joined:
    """The client gives an access. Raises Impossible when the browser may not any more."""
    task = _at_it(tools, secret)
    joined = channel_accounts.connect(tools, task.actor, channel, given, task.link.reconnects)
    return _noted(tools, task, joined)


def begin_install(tools: Tools, secret: str, channel: str, shop: str) -> tuple[str, Joined]:
    """The address of the channel's own page to send the browser to, or why there is none. Raises Impossible."""
    task = _at_it(tools, secret)
    return channel_accounts.begin_install(tools, task.actor, channel, shop, _binding(secret), task.link.reconnects)


def is_answer_to(tools: Tools, secret: str, params: Mapping[str, str]) -> bool:
    """Whether what a browser came back with answers an install that it began here as a client."""
    organisation, state = _organisation(secret), params.get("state", "")
    if not organisation or state.partition(".")[0] != organisation:
        return False
    with read(tools.engines, organisation) as db:
        draft = drafts.find(db, drafts.digest(state))
    return draft is not None and draft.binding == drafts.digest(_binding(secret))


def finish_install(tools: Tools, secret: str, channel: str, params: Mapping[str, str]) -> Joined:
    """What the client came back from the channel with. Raises Impossible."""
    task = _at_it(tools, secret)
    return _noted(tools, task, channel_accounts.finish_install(tools, channel, params, _binding(secret)))


def take_ownership(tools: Tools, secret: str, person: str) -> None:
    """The client, with an account of theirs, becomes owner; who sent the link is admin then. Raises Impossible."""
    task = _at_it(tools, secret)
    with write(tools.engines, task.organisation) as db:
        who = people.person(db, person)
        if who is None:
            raise Impossible(NOT_OFFERED)
        _pass_on(db, tools, task, who)


def take_ownership_as_new(tools: Tools, secret: str, name: str, password: str) -> str:
    """As `take_ownership`, with a new account for the address that the link was sent to; the person's id.

    Raises Impossible.
    """
    task, password_hash = _at_it(tools, secret), passwords.make_hash(password)
    with write(tools.engines, task.organisation) as db:
        try:
            person = create_account(db, tools, NewAccount(task.link.email, name, password_hash))
        except AddressTaken as error:
            raise Impossible(f"There is an account with the address {task.link.email}. Sign in with it.") from error
        _pass_on(db, tools, task, person)
    return person.id


def _pass_on(db: Db, tools: Tools, task: Task, person: people.Person) -> None:
    memberships.one_by_one(db)
    found, sender = rows.find(db, task.link.id), memberships.find(db, task.link.made_by)
    if found is None or not found.offers_ownership or sender is None or sender.role != Role.OWNER:
        raise Impossible(NOT_OFFERED)
    there = memberships.find(db, person.id)
    if sender.suspended_at is not None or (there is not None and there.suspended_at is not None):
        raise Impossible(NOT_OFFERED)  # an owner who is shut out would be none
    if person.id == sender.person:
        raise Impossible("You own the organisation already. The client takes it over with their own account.")
    if not memberships.add(db, person.id, Role.OWNER, tools.now()):
        memberships.set_role(db, person.id, Role.OWNER)
    memberships.set_role(db, sender.person, Role.ADMIN)
    rows.ownership_taken(db, found.id)
    actor = Actor(task.organisation, person.id, person.name)
    acting.record(db, actor, "ownership-accepted", f"person:{person.id}", tools.now(), {"from": sender.name})


def done(tools: Tools, secret: str) -> Task:
    """The client is done: the browser gets in no more, and who sent the link is told. Raises Impossible."""
    task = _at_it(tools, secret)
    with write(tools.engines, task.organisation) as db:
        if not rows.done(db, task.link.id, tools.now()):
            raise Impossible(OVER)
        sender = memberships.find(db, task.link.made_by)
        if sender is not None:
            what = ", ".join(task.link.accounts) or "no channel"
            text = f"{task.link.email} is done with what you asked for in {task.name}. Authorised: {what}."
            letters.enqueue(db, tools, sender.email, f"{task.name}: your client is done", text, "/channels")
        acting.record(db, task.actor, "completion-link-done", f"completion-link:{task.link.id}", tools.now())
    return task


def _noted(tools: Tools, task: Task, joined: Joined) -> Joined:
    if joined.account:
        with write(tools.engines, task.organisation) as db:
            account = account_rows.find(db, joined.account)
            names = (*task.link.accounts, account.name if account else joined.account)
            rows.note_account(db, task.link.id, tuple(dict.fromkeys(names)))
    return joined


def _at_it(tools: Tools, secret: str) -> Task:
    task = task_of(tools, secret)
    if task is None:
        raise Impossible(OVER)
    return task


def _holds(db: Db, link: CompletionLink) -> bool:
    """Who sent it may still connect: rights are asked again when they are used."""
    try:
        acting.ensure(db, Actor(link.organisation, link.made_by, link.made_by_name), Right.CONNECT)
    except NotPermitted:
        return False
    return True


def _task(db: Db, link: CompletionLink) -> Task:
    organisation = organisations.find(db)
    account = account_rows.find(db, link.reconnects) if link.reconnects else None
    name = organisation.name if organisation else ""
    is_known = people.person_by_email(db, link.email) is not None
    again = (account.name, account.channel) if account else ("", "")
    return Task(link, link.organisation, name, *again, is_known)


def _sent(db: Db, tools: Tools, actor: Actor, made: CompletionLink, token: str) -> Sent:
    organisation = organisations.find(db)
    name = organisation.name if organisation else ""
    path = f"/completion?token={token}"
    text = (
        f"{actor.name} keeps the books of {name} in Tieout and asks you to connect your sales channels: sign in to "
        f"each with its main login and approve. No account is needed. The link works once, for {DAYS} days."
    )
    text += f'\n\n"{made.words}"' if made.words else ""
    letters.enqueue(db, tools, made.email, f"Connect the sales channels of {name}", text, path)
    return Sent(made, path)


def _found(db: Db, actor: Actor, id: str) -> CompletionLink:
    acting.ensure(db, actor, Right.CONNECT)
    found = rows.find(db, id)
    if found is None or found.state == "withdrawn":
        raise Impossible(OVER)
    _ensure(db, actor, found.offers_ownership)
    return found


def _ensure(db: Db, actor: Actor, offers_ownership: bool) -> None:
    acting.ensure(db, actor, Right.OWN if offers_ownership else Right.CONNECT)


def _binding(secret: str) -> str:
    return digest(f"completion {secret}")


def _organisation(token: str) -> str:
    organisation, dot, secret = token.partition(".")
    return organisation if dot and secret and len(token) <= 200 else ""
