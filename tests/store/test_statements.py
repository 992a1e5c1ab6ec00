"""A statement is kept once, for good, byte for byte as it was handed over, and only for its own organisation."""

import os
import random
import zlib
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.conftest import START
from tieout.store import statements
from tieout.store.engine import Engines, read, write
from tieout.store.packing import FRAME_BYTES, cut, cut_file, framed
from tieout.store.statements import CHUNK_BYTES, CHUNKS, NotKept, shown_name

DIGEST = "d" * 64


def keep(engines: Engines, organisation: str, content: bytes, digest: str = DIGEST) -> bool:
    with write(engines, organisation) as db:
        return statements.keep(db, digest, "march.txt", 12_345, "amazon", content, START, "utf-8")


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES + 17])
def test_what_was_kept_comes_back_whole_and_in_pieces(engines: Engines, organisation: str, size: int) -> None:
    content = random.Random(size).randbytes(size)
    assert keep(engines, organisation, content)
    with read(engines, organisation) as db:
        assert statements.content(db, DIGEST) == content
        pieces = list(statements.chunks(db, DIGEST))
    assert b"".join(pieces) == content and all(0 < len(piece) <= CHUNK_BYTES for piece in pieces)


def test_what_is_known_about_it_is_kept_with_it(engines: Engines, organisation: str) -> None:
    keep(engines, organisation, b"abc")
    with read(engines, organisation) as db:
        found = statements.find(db, DIGEST)
        assert found == statements.KeptStatement(DIGEST, "march.txt", 12_345, "amazon", "utf-8", START, 3)
        assert statements.newest(db, 10) == (found,)
        assert statements.find(db, "e" * 64) is None


def test_the_same_statement_again_changes_nothing(engines: Engines, organisation: str) -> None:
    assert keep(engines, organisation, b"first")
    assert not keep(engines, organisation, b"second")
    with read(engines, organisation) as db:
        assert statements.content(db, DIGEST) == b"first"


def test_another_organisation_sees_nothing_of_it_and_may_keep_its_own(
    engines: Engines, organisation: str, other_organisation: str
) -> None:
    keep(engines, organisation, b"mine")
    with read(engines, other_organisation) as db:
        assert statements.find(db, DIGEST) is None and statements.newest(db, 10) == ()
        with pytest.raises(NotKept):
            statements.content(db, DIGEST)
    assert keep(engines, other_organisation, b"theirs")
    with read(engines, organisation) as db:
        assert statements.content(db, DIGEST) == b"mine"


def test_a_statement_is_kept_compressed(engines: Engines, organisation: str) -> None:
    keep(engines, organisation, b"settlement-id\tamount\n" * 100_000)
    with read(engines, organisation) as db:
        packed = db.execute(sa.select(sa.func.sum(sa.func.length(CHUNKS.c.content)))).scalar_one()
    assert 0 < packed < 50_000


def test_a_piece_that_is_missing_is_noticed(engines: Engines, organisation: str) -> None:
    keep(engines, organisation, os.urandom(CHUNK_BYTES + 1))
    with write(engines, organisation) as db:
        db.execute(CHUNKS.delete().where(CHUNKS.c.number == 1))
    with read(engines, organisation) as db, pytest.raises(NotKept, match="piece 2 of 2"):
        statements.content(db, DIGEST)


def test_each_piece_says_which_row_it_begins_with_and_is_read_by_itself(engines: Engines, organisation: str) -> None:
    content = b"heading\n" + b"".join(b"row %d " % row + b"x" * 300 + b"\n" for row in range(2, 12_000))
    with write(engines, organisation) as db:
        kept = statements.KeptStatement(DIGEST, "a.txt", len(content), "amazon", "utf-8", START, len(content))
        assert statements.keep_frames(db, kept, framed(cut(content), is_numbered=True))
    with read(engines, organisation) as db:
        rows = statements.first_rows(db, DIGEST)
        assert len(rows) > 2 and rows[0] == 1
        for number, row in enumerate(rows[1:], 1):
            assert statements.chunk(db, DIGEST, number).startswith(b"row %d " % row)
        with pytest.raises(NotKept):
            statements.chunk(db, DIGEST, len(rows))


def test_no_row_is_claimed_where_pieces_do_not_stand_for_themselves(engines: Engines, organisation: str) -> None:
    keep(engines, organisation, b"x" * (CHUNK_BYTES + 1))
    with read(engines, organisation) as db:
        assert statements.first_rows(db, DIGEST) == ()


def test_what_an_earlier_release_packed_is_still_read(engines: Engines, organisation: str) -> None:
    keep(engines, organisation, b"some rows")
    with write(engines, organisation) as db:
        db.execute(CHUNKS.update().values(content=zlib.compress(b"some rows"), first_row=None))
    with read(engines, organisation) as db:
        assert statements.content(db, DIGEST) == b"some rows" and statements.first_rows(db, DIGEST) == ()


def test_a_transaction_that_fails_leaves_no_half_of_it(engines: Engines, organisation: str) -> None:
    with pytest.raises(RuntimeError), write(engines, organisation) as db:
        statements.keep(db, DIGEST, "a.txt", 1, "amazon", b"x", START)
        raise RuntimeError
    assert keep(engines, organisation, b"again")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("march.txt", "march.txt"),
        ("../../etc/passwd", "passwd"),
        ("/etc/shadow", "shadow"),
        ("C:\\Users\\anna\\march.csv", "march.csv"),
        ("..", "statement"),
        ("", "statement"),
        ("/", "statement"),
        (". .", "statement"),
        ("a\x00b\x1bc.txt", "abc.txt"),
        ("invoice\u202etxt.exe", "invoicetxt.exe"),
        ("zero\u200bwidth.txt", "zerowidth.txt"),
        ("two\nlines\t.txt", "twolines.txt"),
        ("  many   blanks .txt ", "many blanks .txt"),
        ("Abrechnung Ma\u0308rz.txt", "Abrechnung März.txt"),
        ("決済.txt", "決済.txt"),
        ("x" * 200 + ".txt", "x" * 116 + ".txt"),
        ("y" * 200, "y" * 120),
        ("z" * 130 + "." + "e" * 30, "z" * 120),
        ("lone\ud800.txt", "lone.txt"),
    ],
)
def test_a_name_is_shown_without_tricks(given: str, shown: str) -> None:
    assert shown_name(given) == shown


@pytest.mark.parametrize("line", [b"a" * 99 + b"\n", b"b" * (FRAME_BYTES // 3) + b"\n", b"c" * (3 * FRAME_BYTES)])
def test_a_file_is_cut_as_its_bytes_are(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "statement"
    for size in (0, 1, FRAME_BYTES, 2 * FRAME_BYTES + 1, 4 * FRAME_BYTES):
        path.write_bytes(content := (line * (size // len(line) + 1))[:size])
        assert list(cut_file(path)) == list(cut(content))


def test_a_file_that_becomes_shorter_while_it_is_cut_ends_the_cutting(tmp_path: Path) -> None:
    path = tmp_path / "statement"
    path.write_bytes(b"a line\n" * FRAME_BYTES)
    pieces = cut_file(path)
    next(pieces)
    path.write_bytes(b"")
    with pytest.raises(EOFError, match="shorter"):
        next(pieces)
