"""Mappings, settings, organisations: versions are added to, never changed, and nobody sees another's."""

import pytest
import sqlalchemy as sa

from tests.conftest import START, Clock
from tieout.store import across, mappings, organisations, settings
from tieout.store.engine import Engines, read, write
from tieout.store.organisations import Organisation
from tieout.store.versioned import Version


def test_the_newest_mapping_counts_and_the_older_ones_stay(engines: Engines, organisation: str, clock: Clock) -> None:
    records = [{"version": version, "entries": [{"rate": "0.20", "name": "Verkäufe"}]} for version in (1, 2, 3)]
    with write(engines, organisation) as db:
        assert mappings.current(db) is None
        for record in records:
            mappings.add(db, record, "Anna", clock.advance(minutes=1))
        newest = mappings.current(db)
        assert newest is not None and newest.record == records[2] and newest.created_at == clock()
        assert mappings.at(db, 1) == Version(1, records[0], "Anna", START.replace(minute=1))
        assert [version.version for version in mappings.versions(db, 10)] == [3, 2, 1]
        assert mappings.at(db, 9) is None


def test_a_version_cannot_be_made_twice(engines: Engines, organisation: str) -> None:
    with write(engines, organisation) as db:
        mappings.add(db, {"version": 1}, "Anna", START)
    with pytest.raises(sa.exc.IntegrityError), write(engines, organisation) as db:
        mappings.add(db, {"version": 1}, "Bob", START)


def test_settings_begin_with_nothing_set(engines: Engines, organisation: str) -> None:
    with write(engines, organisation) as db:
        assert settings.current(db) == Version(0, {}, "", None)
        assert settings.add(db, {"auto_send": True}, "Anna", START) == 1
        assert settings.add(db, {}, "Bob", START) == 2
        assert settings.current(db) == Version(2, {}, "Bob", START)
        assert [version.record for version in settings.versions(db, 10)] == [{}, {"auto_send": True}]


def test_an_organisation_sees_only_its_own(engines: Engines, organisation: str, other_organisation: str) -> None:
    with write(engines, organisation) as db:
        mappings.add(db, {"version": 1}, "Anna", START)
        settings.add(db, {"a": 1}, "Anna", START)
        organisations.change(db, "Renamed", "DE", "Europe/Berlin")
    with read(engines, other_organisation) as db:
        assert mappings.current(db) is None and settings.current(db).version == 0
        found = organisations.find(db)
        assert found == Organisation(other_organisation, "Organisation org-other", "GB", "Europe/London", START)
    with read(engines, organisation) as db:
        assert organisations.find(db) == Organisation(organisation, "Renamed", "DE", "Europe/Berlin", START)


def test_only_across_sees_them_all(engines: Engines, organisation: str, other_organisation: str) -> None:
    assert across.organisations(engines) == (organisation, other_organisation)
    assert across.rows(engines)["organisations"] == 2
    assert across.with_due_work(engines, START) == ()


def test_an_organisation_that_is_not_there_is_none(engines: Engines) -> None:
    with read(engines, "nobody") as db:
        assert organisations.find(db) is None
