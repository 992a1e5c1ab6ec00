"""Secret: stars wherever it is shown."""

from tieout.core.secret import Secret

TOKEN = Secret("not-for-any-eye")


def test_a_secret_is_never_shown() -> None:
    shown = f"{TOKEN} {TOKEN!r} {TOKEN!s:>20} %s %r" % (TOKEN, [TOKEN]) + str({"token": TOKEN})
    assert "eye" not in shown
    assert shown.count("***") == 6


def test_only_reveal_gives_it_back() -> None:
    assert TOKEN.reveal() == "not-for-any-eye"


def test_an_empty_secret_is_no_secret() -> None:
    assert TOKEN and not Secret("")
    assert Secret("a") == Secret("a") != Secret("b")
