"""Runs a command as the child of a small process: a child's peak memory never shows less than its parent had.

python -I -S _launch.py COMMAND… prints last the seconds, the peak memory in units of the system, and the exit code.
"""

import os
import sys
import time

started = time.perf_counter()
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ)
_, status, used = os.wait4(child, 0)
seconds = time.perf_counter() - started
print(f"\n{seconds} {used.ru_maxrss} {os.waitstatus_to_exitcode(status)}")
