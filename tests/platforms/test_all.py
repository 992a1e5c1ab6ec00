"""Every platform there is keeps the promises that the house makes of all of them."""

import inspect
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import get_type_hints

import pytest

import tieout.platforms
from tests.platforms.making import APP, KNOWN, document
from tieout.core.records import DocumentKind
from tieout.core.secret import Secret
from tieout.platforms import Access, Platform, UnknownPlatform, named, names
from tieout.platforms._exact import Unreadable, encode, tree


def promised() -> list[str]:
    verbs = [name for name, value in vars(Platform).items() if inspect.isfunction(value) and not name.startswith("_")]
    return [*get_type_hints(Platform), *verbs]


def test_a_platform_is_a_folder_found_by_looking() -> None:
    folder = Path(tieout.platforms.__file__).parent
    assert set(names()) == {path.parent.name for path in folder.glob("*/__init__.py")} and "xero" in names()


def test_a_platform_nobody_knows_is_named_with_those_there_are() -> None:
    for name in ("sage", "_exact", "", "../xero", "xero.wire"):
        with pytest.raises(UnknownPlatform, match="xero"):
            named(name)


@pytest.mark.parametrize("name", names())
def test_it_has_every_verb_and_constant_with_the_same_arguments(name: str) -> None:
    platform = named(name)
    assert name == platform.NAME
    for promise in promised():
        assert hasattr(platform, promise), f"{name} lacks {promise}"
        declared = vars(Platform).get(promise)
        if inspect.isfunction(declared):
            wanted = [each for each in inspect.signature(declared).parameters if each != "self"]
            assert list(inspect.signature(getattr(platform, promise)).parameters) == wanted, f"{name}.{promise}"


@pytest.mark.parametrize("name", names())
def test_which_one_it_speaks_to_is_an_address_and_the_real_one_is_https(name: str) -> None:
    platform = named(name)
    assert {"login", "identity", "api"} <= set(platform.URLS)
    assert all(url.startswith("https://") and not url.endswith("/") for url in platform.URLS.values())


@pytest.mark.parametrize("name", names())
def test_no_token_and_no_secret_shows_when_printed(name: str) -> None:
    access = Access(Secret("very-secret-token"), "t1", datetime(2026, 7, 1, tzinfo=UTC), "b1", APP)
    assert "very-secret-token" not in repr(access) and "app-secret" not in repr(access)
    assert "app-secret" not in named(name).authorise_url(APP, "state", "v" * 64)


KINDS = [(name, kind) for name in names() for kind in named(name).NUMBER_UNIQUE]


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_the_bytes_of_a_call_are_the_same_each_time_and_pretty_for_people(name: str, kind: DocumentKind) -> None:
    platform = named(name)
    bodies = {platform.to_wire([document("TO-1", kind)], KNOWN, platform.APPROVED) for _ in range(3)}
    assert len(bodies) == 1
    (body,) = bodies
    assert tree(tieout.platforms.pretty(body).encode()) == tree(body)


def test_json_keeps_every_digit_and_leaves_out_nulls() -> None:
    body = b'{"a":1234567890123.4567,"b":10.00,"c":null,"d":[null,{"e":null}],"f":5}'
    assert tree(body) == {"a": Decimal("1234567890123.4567"), "b": Decimal("10.00"), "d": [{}], "f": 5}
    assert str(tree(body)["b"]) == "10.00"
    assert encode({"a": Decimal("1234567890123.4567"), "b": Decimal("10.00")}) == b'{"a":1234567890123.4567,"b":10.00}'


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"<html>", b'{"a":NaN}'])
def test_what_is_no_json_is_unreadable_and_nothing_worse(body: bytes) -> None:
    with pytest.raises(Unreadable):
        tree(body)


def test_naming_the_platforms_loads_none_of_them() -> None:
    loaded = "[name for name in ('msgspec', 'tieout.platforms.xero') if name in sys.modules]"
    code = f"import sys, tieout.platforms as p; p.names(); print({loaded})"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
