"""Identities are one person's each, whoever comes second; a draft is taken once and leads nobody else anywhere."""

from dataclasses import replace
from datetime import timedelta

from tests.conftest import START
from tieout.store import identities, people
from tieout.store.engine import Engines, read, write
from tieout.store.identities import Draft, Identity


def test_the_second_who_links_an_identity_is_told_and_the_transaction_goes_on(engines: Engines) -> None:
    mine = Identity("one", "https://issuer.example", "subject", "google", "olive", "o@example.com", START)
    with write(engines, "") as db:
        for id in ("olive", "peter"):
            people.add_person(db, people.Person(id, f"{id}@example.com", id.title(), "", START))
        assert identities.add(db, mine)
        assert not identities.add(db, replace(mine, id="two", person="peter"))
        assert identities.add(db, replace(mine, id="three", issuer="https://other.example", person="peter"))
    with read(engines, "") as db:
        found = identities.find(db, "https://issuer.example", "subject")
        assert found == mine and [each.id for each in identities.of_person(db, "peter")] == ["three"]


def test_a_draft_is_taken_once_and_what_it_proved_is_settled_once(engines: Engines) -> None:
    draft = Draft("d" * 64, "google", "b" * 64, "", {"issuer": "https://issuer.example"}, START)
    with write(engines, "") as db:
        identities.begin(db, draft, START - timedelta(days=1))
        assert [identities.take(db, draft.id, START), identities.take(db, draft.id, START)] == [True, False]
        proven = replace(draft, proven_at=START, issuer="https://issuer.example", subject="s", meant="olive")
        identities.prove(db, proven)
        assert [each.id for each in identities.waiting_for(db, "olive", START - timedelta(minutes=1))] == [draft.id]
        assert identities.waiting_for(db, "olive", START) == ()
        assert [identities.settle(db, draft.id), identities.settle(db, draft.id)] == [True, False]
        identities.begin(db, replace(draft, id="e" * 64, begun_at=START + timedelta(days=2)), START + timedelta(days=1))
        assert identities.draft(db, draft.id) is None, "old ones go when a new one comes"
