"""The throw-away PostgreSQL: real, empty, bound by row security, and gone afterwards."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
ASK = """
import os, psycopg
with psycopg.connect(os.environ["TIEOUT_TEST_PG_URL"].replace("+psycopg", "")) as db:
    (row,) = db.execute("SELECT rolsuper, rolbypassrls, current_setting('fsync'), inet_server_port()"
                        " FROM pg_roles WHERE rolname = current_user")
print(*row)
raise SystemExit(7)
"""


def beside_postgres(*command: str) -> subprocess.CompletedProcess[str]:
    script = [sys.executable, str(ROOT / "scripts" / "with_postgres.py"), "--", *command]
    return subprocess.run(script, capture_output=True, text=True, check=False)


@pytest.mark.pg
def test_it_is_real_hands_on_the_exit_code_and_leaves_nothing() -> None:
    run = beside_postgres(sys.executable, "-c", ASK)
    assert run.returncode == 7, run.stderr
    is_superuser, bypasses_row_security, fsync, port = run.stdout.split()
    assert (is_superuser, bypasses_row_security, fsync) == ("False", "False", "on")
    with socket.socket() as caller:
        assert caller.connect_ex(("127.0.0.1", int(port))) != 0
