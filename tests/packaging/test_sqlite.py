"""Importing tieout puts the safe SQLite in the standard one's place; where there is no wheel of it, nothing breaks."""

import platform
import subprocess
import sys

HAS_WHEEL = (sys.platform, platform.machine()) in {("linux", "x86_64"), ("darwin", "arm64")}


def python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def test_one_sqlite_serves_everybody_and_it_is_a_safe_one() -> None:
    module, driver, version = python(
        "import tieout, sqlite3, sqlite3.dbapi2, sqlalchemy as sa\n"
        "driver = sa.create_engine('sqlite://').dialect.dbapi\n"
        "print(sqlite3.__name__, driver.__name__, *sqlite3.dbapi2.sqlite_version_info[:2], sep=' ', end='')"
    ).split(maxsplit=2)
    if HAS_WHEEL:
        assert (module, driver) == ("pysqlite3", "pysqlite3.dbapi2")
        assert tuple(map(int, version.split())) >= (3, 53)
    else:
        assert module == "sqlite3"


def test_without_the_wheel_the_standard_library_stays() -> None:
    blocked = "import sys; sys.modules['pysqlite3'] = None\nimport tieout, sqlite3\nprint(sqlite3.__name__)"
    assert python(blocked) == "sqlite3"
