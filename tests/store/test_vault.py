"""What is sealed opens for its own row only, and stands in clear nowhere."""

import base64
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.conftest import MASTER_KEYS, START, Clock
from tieout.core.secret import Secret
from tieout.store.engine import Engines, write
from tieout.store.vault import (
    ORGANISATION_KEYS,
    KeyMissing,
    MasterKeys,
    Tampered,
    Vault,
    forget_keys,
    make_master_key,
    read_master_keys,
    sealed_version,
)

TOKEN = Secret("canary-9b1f-refresh-token")


def seal(vault: Vault, organisation: str) -> str:
    return vault.seal(organisation, "grants", "refresh_token", "grant-1", TOKEN)


def test_a_sealed_text_comes_back(vault: Vault, organisation: str) -> None:
    sealed = seal(vault, organisation)
    assert TOKEN.reveal() not in sealed
    assert vault.open(organisation, "grants", "refresh_token", "grant-1", sealed) == TOKEN


def test_the_same_text_is_never_sealed_alike(vault: Vault, organisation: str) -> None:
    assert len({seal(vault, organisation) for _ in range(20)}) == 20


def test_it_opens_in_no_other_row_column_table_or_organisation(
    vault: Vault, organisation: str, other_organisation: str
) -> None:
    sealed = seal(vault, organisation)
    places = [
        (organisation, "grants", "refresh_token", "grant-2"),
        (organisation, "grants", "access_token", "grant-1"),
        (organisation, "drafts", "refresh_token", "grant-1"),
        (other_organisation, "grants", "refresh_token", "grant-1"),
    ]
    for place in places:
        with pytest.raises(Tampered):
            vault.open(*place, sealed)


def test_every_flipped_bit_is_noticed(vault: Vault, organisation: str) -> None:
    form, version, body = seal(vault, organisation).split(".")
    raw = base64.urlsafe_b64decode(body)
    for bit in range(len(raw) * 8):
        flipped = bytearray(raw)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Tampered):
            vault.open(
                organisation,
                "grants",
                "refresh_token",
                "grant-1",
                f"{form}.{version}.{base64.urlsafe_b64encode(flipped).decode()}",
            )


@pytest.mark.parametrize(
    "text", ["", "v1", "v1..", "v1.x.AAAA", "v2.1.AAAA", "v1.1.", "v1.1.AAAA", "v1.1.!!!", "v1.1.é"]
)
def test_what_is_no_sealed_field_is_refused(vault: Vault, organisation: str, text: str) -> None:
    with pytest.raises(Tampered):
        vault.open(organisation, "grants", "refresh_token", "grant-1", text)


def test_a_text_that_only_decodes_to_the_same_is_refused(vault: Vault, organisation: str) -> None:
    sealed = vault.seal(organisation, "grants", "refresh_token", "grant-1", Secret("abc"))
    assert sealed.endswith("=")
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    stem, last = sealed.rstrip("=")[:-1], sealed.rstrip("=")[-1]
    alike = stem + letters[letters.index(last) + 1] + "=" * sealed.count("=")
    assert base64.urlsafe_b64decode(alike.split(".")[2]) == base64.urlsafe_b64decode(sealed.split(".")[2])
    with pytest.raises(Tampered):
        vault.open(organisation, "grants", "refresh_token", "grant-1", alike)


def test_names_with_a_bar_or_without_a_letter_are_refused(vault: Vault, organisation: str) -> None:
    for row in ("a|b", ""):
        with pytest.raises(ValueError):
            vault.seal(organisation, "grants", "refresh_token", row, TOKEN)


def test_a_sealed_token_stands_in_no_file_of_the_database(sqlite_engines: Engines, folder: Path) -> None:
    from tests.conftest import add_organisation

    vault = Vault(sqlite_engines, MASTER_KEYS)
    organisation = add_organisation(sqlite_engines, vault, "org-canary")
    table = sa.Table("canary", sa.MetaData(), sa.Column("sealed", sa.Text), sa.Column("seen", sa.Text))
    with write(sqlite_engines, organisation) as db:
        table.create(db.connection)
        db.execute(table.insert().values(sealed=seal(vault, organisation), seen="seen-canary"))
    files = [path.read_bytes() for path in folder.iterdir()]
    assert any(b"seen-canary" in file for file in files)
    assert not any(TOKEN.reveal().encode() in file or MASTER_KEYS.keys[0] in file for file in files)


# --- Keys that change -------------------------------------------------------------------------------------------------


def test_a_new_data_key_seals_from_now_on_and_the_old_one_still_opens(
    engines: Engines, vault: Vault, organisation: str, clock: Clock
) -> None:
    old = seal(vault, organisation)
    with write(engines, organisation) as db:
        assert vault.add_key(db, clock.advance(days=30)) == 2
    new = seal(vault, organisation)
    assert (sealed_version(old), sealed_version(new)) == (1, 2)
    for sealed in (old, new):
        assert vault.open(organisation, "grants", "refresh_token", "grant-1", sealed) == TOKEN


def test_data_keys_are_wrapped_again_under_a_new_master_key_and_the_old_one_can_go(
    engines: Engines, vault: Vault, organisation: str, other_organisation: str
) -> None:
    sealed = seal(vault, organisation)
    both = replace(vault, masters=MasterKeys((b"n" * 32, *MASTER_KEYS.keys), "two keys"))
    assert both.open(organisation, "grants", "refresh_token", "grant-1", sealed) == TOKEN
    assert both.rewrap() == 2
    assert both.rewrap() == 0
    alone = replace(vault, masters=MasterKeys((b"n" * 32,), "the new key"))
    assert alone.open(organisation, "grants", "refresh_token", "grant-1", sealed) == TOKEN
    assert alone.unreadable() == ()
    assert set(vault.unreadable()) == {organisation, other_organisation}
    with pytest.raises(KeyMissing, match="the tests' own key"):
        seal(vault, organisation)


def test_a_wrapped_key_cannot_be_moved_to_another_organisation(
    engines: Engines, vault: Vault, organisation: str, other_organisation: str
) -> None:
    stolen = sa.select(ORGANISATION_KEYS.c.wrapped).where(ORGANISATION_KEYS.c.organisation == organisation)
    with write(engines, "") as db:
        wrapped = db.execute(stolen).scalar_one()
        mine = ORGANISATION_KEYS.c.organisation == other_organisation
        db.execute(ORGANISATION_KEYS.update().where(mine).values(wrapped=wrapped))
    with pytest.raises(Tampered):
        seal(vault, other_organisation)
    assert vault.unreadable() == (other_organisation,)


def test_forgotten_keys_leave_what_they_sealed_unreadable(
    engines: Engines, vault: Vault, organisation: str, other_organisation: str
) -> None:
    mine, theirs = seal(vault, organisation), seal(vault, other_organisation)
    with write(engines, organisation) as db:
        assert forget_keys(db) == 1
    with pytest.raises(KeyMissing, match="erased"):
        vault.open(organisation, "grants", "refresh_token", "grant-1", mine)
    assert vault.open(other_organisation, "grants", "refresh_token", "grant-1", theirs) == TOKEN


def test_without_a_data_key_nothing_is_sealed(vault: Vault) -> None:
    with pytest.raises(KeyMissing, match="nobody"):
        seal(vault, "nobody")


def test_the_vault_can_be_used_while_a_transaction_is_open(engines: Engines, vault: Vault, organisation: str) -> None:
    with write(engines, organisation) as db:
        db.execute(ORGANISATION_KEYS.update().values(created_at=START))
        assert vault.open(organisation, "grants", "refresh_token", "grant-1", seal(vault, organisation)) == TOKEN


def test_keys_never_print(vault: Vault) -> None:
    assert "kkk" not in repr(vault) + repr(vault.masters) + str(vault)


# --- The file ---------------------------------------------------------------------------------------------------------


def test_a_master_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "master.key"
    first = make_master_key(path)
    assert make_master_key(path) == first == read_master_keys(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["master.key"]


def test_many_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: make_master_key(path), range(8)))
    assert len({keys.keys for keys in made}) == 1


def test_a_file_may_hold_an_older_key_below_the_current_one(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    lines = ["# mine", base64.b64encode(b"n" * 32).decode(), "", base64.b64encode(b"o" * 32).decode()]
    path.write_text("\n".join(lines))
    assert read_master_keys(path).keys == (b"n" * 32, b"o" * 32)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "there is no master key"),
        (b"", "holds no master key"),
        (b"# nothing\n", "holds no master key"),
        (b"c2hvcnQ=\n", "32 bytes"),
        (b"not base64!\n", "32 bytes"),
        (b"\xff\xfe", "cannot be read"),
    ],
)
def test_a_file_without_a_usable_key_is_named_with_what_to_do(
    tmp_path: Path, content: bytes | None, words: str
) -> None:
    path = tmp_path / "master.key"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(KeyMissing, match=words) as caught:
        read_master_keys(path)
    assert str(path) in str(caught.value)
