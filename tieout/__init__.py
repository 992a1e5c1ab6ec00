"""Tieout carries sales settlements into the books: each document exactly once, and equal to the deposit.

SQLite before 3.51.3 can corrupt a database in WAL mode, and one process must hold one SQLite only: a file opened by two
copies loses its locks. So the safe library takes the place of the standard one here, before anything opens a file.
Where there is no wheel of it, the standard library's stays and `tieout/store/engine.py` keeps to the rollback journal.
"""

import sys

try:
    import pysqlite3
    import pysqlite3.dbapi2
except ImportError:
    pass
else:
    sys.modules["sqlite3"] = pysqlite3
    sys.modules["sqlite3.dbapi2"] = pysqlite3.dbapi2

__version__ = "0.1.0"
