"""Sign-in by Google, Xero and Intuit: known identities come in, what is wrong is refused, linking needs both proofs."""

from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

import pytest
import sqlalchemy as sa

from tests.conftest import Clock, RecordingJobs
from tests.openid import Vouching, vouching
from tieout.calls import Transport
from tieout.core.actor import Actor
from tieout.core.failure import NotAllowed, RemoteError
from tieout.core.openid import Vouched
from tieout.people import identities, second_factor, sessions
from tieout.people.identities import LastWayIn, TakenElsewhere
from tieout.people.organisations import FirstOwner, create_owner
from tieout.people.tries import TooManyTries
from tieout.store import audit, people, second_factors
from tieout.store.engine import Engines, read, write
from tieout.store.identities import DRAFTS, IDENTITIES
from tieout.store.second_factors import Passkey
from tieout.store.vault import MasterKeys, Vault
from tieout.sync import issues, vouched
from tieout.sync.tools import Tools

NAMES = ("google", "quickbooks", "xero")


@pytest.fixture
def engines(sqlite_engines: Engines) -> Engines:
    return sqlite_engines


@pytest.fixture
def round_trip(engines: Engines, clock: Clock) -> Vouching:
    tools = Tools(
        engines=engines,
        vault=Vault(engines, MasterKeys((b"k" * 32,), "the test")),
        transport=Transport(),
        jobs=RecordingJobs(),
        now=clock,
        new_id=lambda: str(uuid4()),
        apps={},
        worker="worker",
    )
    return vouching(tools, clock)


@pytest.fixture
def olive(round_trip: Vouching) -> Actor:
    owner = FirstOwner("Harbour & Finch Ltd", "GB", "Europe/London", "Olive Finch", "olive@example.com", "")
    member = create_owner(round_trip.tools, owner)
    return Actor(member.organisation, member.person, "Olive Finch")


def with_password(round_trip: Vouching, olive: Actor) -> None:
    with write(round_trip.tools.engines, "") as db:
        people.set_password_hash(db, olive.person, "argon2-something")


def linked(round_trip: Vouching, person: str) -> list[str]:
    return [each.provider for each in identities.of_person(round_trip.tools, person)]


def acts(round_trip: Vouching) -> list[str]:
    with read(round_trip.tools.engines, "") as db:
        return [each.act for each in db.execute(sa.select(audit.AUDIT).order_by(audit.AUDIT.c.number))]


def persons(round_trip: Vouching) -> int:
    with read(round_trip.tools.engines, "") as db:
        return int(db.execute(sa.select(sa.func.count()).select_from(people.PERSONS)).scalar_one())


# --- The way in -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_an_identity_that_was_linked_signs_its_person_in(round_trip: Vouching, olive: Actor, name: str) -> None:
    assert round_trip.round(name, person=olive.person).outcome == "linked"
    came = round_trip.go(round_trip.begin(name))
    result = round_trip.finish(came, name)
    assert result.outcome == "signed-in"
    session = sessions.current(round_trip.tools, result.session)
    assert session is not None and session.person.id == olive.person
    (identity,) = identities.of_person(round_trip.tools, olive.person)
    assert identity.used_at == round_trip.tools.now() and identity.email == "olive@example.com"
    assert acts(round_trip).count("identity-linked") == 1


def test_a_second_factor_still_comes_after_an_identity(round_trip: Vouching, olive: Actor) -> None:
    round_trip.round(person=olive.person)
    with write(round_trip.tools.engines, "") as db:
        key = Passkey("key", olive.person, "Phone", "public", 0, round_trip.tools.now(), None)
        assert second_factors.add_passkey(db, key)
    result = round_trip.round()
    assert result.outcome == "factor" and sessions.current(round_trip.tools, result.session) is None
    waiting = second_factor.waiting(round_trip.tools, result.session)
    assert waiting is not None and waiting.id == olive.person
    (identity,) = identities.of_person(round_trip.tools, olive.person)
    assert identities.unlink(round_trip.tools, olive, identity.id), "a passkey is a way in"


def test_a_key_that_turned_meanwhile_is_found(round_trip: Vouching, olive: Actor) -> None:
    round_trip.round(person=olive.person)
    came = round_trip.go(round_trip.begin())
    round_trip.world.hand("rotate", flavour="google")
    assert round_trip.finish(came).outcome == "signed-in"


def test_nothing_that_travels_is_kept(round_trip: Vouching, olive: Actor) -> None:
    url = round_trip.begin()
    came = round_trip.go(url)
    with read(round_trip.tools.engines, "") as db:
        (row,) = db.execute(sa.select(DRAFTS))
    kept = " ".join(str(value) for value in row)
    assert came["state"] not in kept and round_trip.browser not in kept
    assert len(url.split("nonce=")[1].split("&")[0]) == 43 and url.split("nonce=")[1].split("&")[0] not in kept


def test_who_does_not_vouch_here_is_not_asked(round_trip: Vouching) -> None:
    with pytest.raises(NotAllowed, match="no app"):
        round_trip.begin("facebook")
    assert [name for name, _ in vouched.offered(round_trip.tools)] == ["google", "quickbooks", "xero"]
    assert dict(vouched.offered(round_trip.tools))["quickbooks"] == "Intuit"


# --- Everything that is wrong -----------------------------------------------------------------------------------------

Bend = Callable[[Vouching], object]


def switch(**what: str) -> Bend:
    return lambda trip: trip.world.stand_in.switches.update(what)


BENT: tuple[tuple[str, str, Bend], ...] = (
    ("google", "identity-token-nonce", switch(id_token="nonce")),
    ("google", "identity-token-nonce", switch(id_token="no-nonce")),
    ("google", "identity-token-audience", switch(id_token="audience")),
    ("google", "identity-token-expired", switch(id_token="expired")),
    ("google", "identity-token-signature", switch(id_token="signature")),
    ("google", "identity-token-key", switch(id_token="unknown-key")),
    ("google", "identity-token-issuer", switch(id_token="issuer")),
    ("google", "identity-token-access-hash", switch(id_token="access-hash")),
    ("google", "identity-token-signature", switch(id_token="none")),
    ("google", "no-identity-token", switch(id_token="missing")),
    ("google", "identity-token-unreadable", switch(id_token="garbage")),
    ("google", "sign-in-unreachable", lambda trip: trip.world.arm("latency", seconds=60, path="/google/oauth2/token")),
    ("google", "sign-in-unreachable", lambda trip: trip.world.arm("http-error", status=503, path="certs")),
    ("google", "sign-in-unreachable", lambda trip: trip.world.arm("bad-body", form="html", path="oauth2/token")),
    ("quickbooks", "identity-token-subject", switch(userinfo="other-subject")),
    ("quickbooks", "sign-in-unreachable", switch(userinfo="refused")),
)


def test_every_way_in_which_an_answer_can_be_wrong_is_refused_by_its_name(round_trip: Vouching, olive: Actor) -> None:
    """One table: each row a fault of the provider, met after the person has allowed. Nobody is signed in by any."""
    for name in ("google", "quickbooks"):
        round_trip.round(name, person=olive.person)
    for name, code, bend in BENT:
        round_trip.world.stand_in.switches.update(id_token="", userinfo="")
        came = round_trip.go(round_trip.begin(name))
        bend(round_trip)
        result = round_trip.finish(came, name)
        assert (result.outcome, result.code, result.session) == ("refused", code, ""), (name, code, result)
        kept = vouched.refusal(round_trip.tools, result.draft, round_trip.browser)
        assert kept is not None and kept.code == code
        assert round_trip.finish(came, name).code == "sign-in-used", "a refused answer is not tried again"
    assert vouched.refusal(round_trip.tools, result.draft, "another browser") is None
    assert acts(round_trip).count("sign-in-refused") >= len(BENT)


def test_a_person_who_says_no_is_told_so_in_their_words(round_trip: Vouching, olive: Actor) -> None:
    result = round_trip.finish(round_trip.go(round_trip.begin(), decision="deny"))
    assert (result.code, result.words) == ("sign-in-denied", "The person <b>did not</b> allow it")
    assert round_trip.token_calls() == 0


def test_an_answer_out_of_place_leads_to_no_token_request(round_trip: Vouching, olive: Actor, clock: Clock) -> None:
    """C1 and C4 of the callback table: state, browser, time, provider, issuer, person."""

    def tried(code: str, name: str = "google", change: dict[str, str] | None = None, **how: str) -> None:
        came = round_trip.go(round_trip.begin(person=how.pop("meant", ""))) | (change or {})
        round_trip.tools.now.advance(seconds=int(how.pop("later", 0)))  # type: ignore[attr-defined]
        result = round_trip.finish({k: v for k, v in came.items() if v}, name, **how)
        assert (result.outcome, result.code) == ("refused", code), (code, result)

    tried("sign-in-unasked", change={"state": ""})
    tried("sign-in-unasked", change={"state": "invented"})
    tried("sign-in-unasked", change={"state": "x" * 5_000})
    tried("sign-in-other-browser", browser="mallory's browser")
    tried("sign-in-other-browser", browser="")
    tried("sign-in-too-late", later="601")
    tried("sign-in-mixed-up", name="xero")
    tried("sign-in-mixed-up", change={"iss": "https://accounts.elsewhere.example"})
    tried("sign-in-mixed-up", change={"iss": ""})
    tried("sign-in-other-person", meant=olive.person)
    tried("sign-in-other-person", meant=olive.person, person="somebody-else")
    tried("sign-in-error", change={"code": ""})
    assert round_trip.token_calls() == 0


def test_another_browser_does_not_use_up_the_answer_of_the_right_one(round_trip: Vouching, olive: Actor) -> None:
    round_trip.round(person=olive.person)
    came = round_trip.go(round_trip.begin())
    for _ in range(3):
        assert round_trip.finish(came, browser="mallory's browser").code == "sign-in-other-browser"
    assert acts(round_trip).count("sign-in-refused") == 1, "told once, however often it is tried"
    assert round_trip.finish(came).outcome == "signed-in"
    assert round_trip.finish(came).code == "sign-in-used"


def test_a_provider_that_cannot_be_asked_or_speaks_for_another_is_not_gone_to(round_trip: Vouching) -> None:
    round_trip.world.stand_in.switches["discovery"] = "other"
    with pytest.raises(RemoteError, match="elsewhere"):
        round_trip.begin()
    round_trip.world.stand_in.switches["discovery"] = ""
    round_trip.world.arm("latency", seconds=60)
    with pytest.raises(RemoteError):
        round_trip.begin()


def test_presses_are_counted_by_network_address_until_somebody_comes_in(round_trip: Vouching, olive: Actor) -> None:
    round_trip.round(person=olive.person)
    for _ in range(20):
        url = round_trip.begin(address="192.0.2.1")
    with pytest.raises(TooManyTries):
        round_trip.begin(address="192.0.2.1")
    round_trip.begin(address="198.51.100.7")
    assert round_trip.finish(round_trip.go(url)).outcome == "signed-in"
    round_trip.begin(address="192.0.2.1")


# --- An identity that nobody here has ---------------------------------------------------------------------------------


def test_an_unknown_identity_makes_no_account_and_is_told_the_ways_in_of_its_address(
    round_trip: Vouching, olive: Actor
) -> None:
    round_trip.round("google", person=olive.person)
    with_password(round_trip, olive)
    result = round_trip.round("quickbooks")
    assert result.outcome == "unknown" and persons(round_trip) == 1
    waits = identities.pending(round_trip.tools, result.draft, round_trip.browser)
    assert waits is not None and waits.is_verified
    assert waits.kinds == (("password", ""), ("google", "o•••@example.com"))
    assert identities.pending(round_trip.tools, result.draft, "another browser") is None
    (issue,) = issues.listing(round_trip.tools, olive.organisation)
    assert issue.code == "login-identity-differs" and "o•••@example.com" in " ".join(issue.evidence)


@pytest.mark.parametrize(("name", "verified"), [("google", False), ("xero", True), ("quickbooks", False)])
def test_an_address_that_its_provider_has_not_proven_is_not_even_compared(
    round_trip: Vouching, olive: Actor, name: str, verified: bool
) -> None:
    """Xero says of no address that it was proven."""
    flavour = {"quickbooks": "intuit"}.get(name, name)
    round_trip.world.hand("person", flavour=flavour, email="olive@example.com", verified=verified)
    result = round_trip.round(name)
    waits = identities.pending(round_trip.tools, result.draft, round_trip.browser)
    assert result.outcome == "unknown" and waits is not None
    assert (waits.is_verified, waits.kinds) == (False, ())
    assert issues.listing(round_trip.tools, olive.organisation) == ()


def test_what_was_proven_is_linked_by_whoever_proves_the_account_in_the_same_browser(
    round_trip: Vouching, olive: Actor
) -> None:
    draft = round_trip.round().draft
    assert vouched.link_pending(round_trip.tools, olive, draft, "another browser") is None
    assert vouched.link_pending(round_trip.tools, olive, draft, round_trip.browser) == "google"
    assert vouched.link_pending(round_trip.tools, olive, draft, round_trip.browser) is None, "once"
    assert linked(round_trip, olive.person) == ["google"]
    assert round_trip.round().outcome == "signed-in"
    assert issues.listing(round_trip.tools, olive.organisation) == ()


def test_what_waits_to_be_linked_is_forgotten_after_half_an_hour(
    round_trip: Vouching, olive: Actor, clock: Clock
) -> None:
    draft = round_trip.round().draft
    clock.advance(minutes=30)
    assert identities.pending(round_trip.tools, draft, round_trip.browser) is None
    assert vouched.link_pending(round_trip.tools, olive, draft, round_trip.browser) is None


def test_one_identity_is_one_persons_and_a_person_has_any_number(round_trip: Vouching, olive: Actor) -> None:
    for name in NAMES:
        assert round_trip.round(name, person=olive.person).outcome == "linked"
    assert round_trip.round("google", person=olive.person).outcome == "linked", "again changes nothing"
    assert round_trip.round("google", "wanda@example.com", olive.person).outcome == "linked"
    assert sorted(linked(round_trip, olive.person)) == ["google", "google", "quickbooks", "xero"]
    peter = Actor("", "peter", "Peter")
    with write(round_trip.tools.engines, "") as db:
        people.add_person(db, people.Person("peter", "peter@example.com", "Peter", "", round_trip.tools.now()))
    taken = round_trip.round("google", person=peter.person)
    assert (taken.outcome, taken.code) == ("refused", "identity-tied-elsewhere")
    mine = Vouched("google", "https://x.example", "1", "p@example.com", "P", True)
    with write(round_trip.tools.engines, "") as db:
        identities.link(db, round_trip.tools, olive, mine)
        with pytest.raises(TakenElsewhere):
            identities.link(db, round_trip.tools, peter, mine)


def test_the_last_way_in_is_never_unlinked(round_trip: Vouching, olive: Actor) -> None:
    for name in ("google", "xero"):
        round_trip.round(name, person=olive.person)
    first, second = identities.of_person(round_trip.tools, olive.person)
    assert not identities.unlink(round_trip.tools, replace(olive, person="somebody"), first.id)
    assert identities.unlink(round_trip.tools, olive, first.id)
    with pytest.raises(LastWayIn):
        identities.unlink(round_trip.tools, olive, second.id)
    with_password(round_trip, olive)
    assert identities.unlink(round_trip.tools, olive, second.id)
    assert acts(round_trip).count("identity-unlinked") == 2
    assert round_trip.round("xero").outcome == "unknown"
    with read(round_trip.tools.engines, "") as db:
        assert db.execute(sa.select(sa.func.count()).select_from(IDENTITIES)).scalar_one() == 0


def test_somebody_of_no_organisation_is_told_so(round_trip: Vouching, olive: Actor) -> None:
    with write(round_trip.tools.engines, "") as db:
        people.add_person(db, people.Person("peter", "peter@example.com", "Peter", "", round_trip.tools.now()))
    round_trip.round("google", "peter@example.com", "peter")
    assert round_trip.round("google", "peter@example.com").code == "sign-in-no-organisation"
