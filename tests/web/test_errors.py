"""Every error has a page that says what happened and what to do; none shows how we are built."""

import logging

import pytest

from tests.web.conftest import Site, words
from tieout.core.failure import Busy
from tieout.sync import settlements
from tieout.web import errors


def test_a_page_that_is_not_there_says_so(site: Site) -> None:
    answer = site.get("/nowhere")
    assert answer.status_code == 404 and "What to do:" in words(answer.text)


def test_what_nobody_foresaw_gets_an_id_that_is_in_the_log(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a secret place in the code")

    monkeypatch.setattr(settlements, "listing", broken)
    with caplog.at_level(logging.ERROR):
        answer = site.get("/settlements")
    text = words(answer.text)
    assert answer.status_code == 500 and "Nothing was lost" in text
    assert "secret place" not in answer.text and "Traceback" not in answer.text and "RuntimeError" not in answer.text
    id = text.partition("Id of this failure: ")[2].split()[0]
    assert len(id) == 8 and id in caplog.text
    assert answer.headers["content-security-policy"] and answer.headers["cache-control"] == "no-store"


def test_a_full_disk_is_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(settlements, "listing", full)
    answer = site.get("/settlements")
    assert answer.status_code == 507 and "disk is full" in answer.text


def test_another_error_of_the_system_stays_unforeseen(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise PermissionError("/var/lib/secret")

    monkeypatch.setattr(settlements, "listing", broken)
    answer = site.get("/settlements")
    assert answer.status_code == 500 and "/var/lib" not in answer.text


def test_what_the_books_said_is_shown_with_their_id(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object, **__: object) -> None:
        raise Busy("The organisation is being moved", status=503, correlation_id="their-id-1")

    monkeypatch.setattr(settlements, "listing", busy)
    answer = site.get("/settlements")
    assert answer.status_code == 503 and "The organisation is being moved (their id their-id-1)" in answer.text


def test_a_method_an_address_does_not_have_is_told(site: Site) -> None:
    assert site.client.put("/settlements").status_code == 405


def test_every_error_of_this_room_has_a_page() -> None:
    from tieout.web import guard, spool

    ours = {
        found
        for module in (errors, guard, spool)
        for found in vars(module).values()
        if isinstance(found, type) and issubclass(found, Exception) and found.__module__.startswith("tieout.web")
    }
    assert ours and ours <= set(errors.PAGES) | {guard.SignInNeeded, guard.ProofNeeded}
