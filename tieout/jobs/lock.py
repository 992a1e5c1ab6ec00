"""One process owns an embedded database: an operating-system lock on the data folder, and no network file system.

Two live processes with one executor id run a step at the same time, and SQLite's own locks are not to be trusted over a
network. The lock is the kernel's: it ends with its holder, however that one ends, and leaves nothing to clean up.
"""

import fcntl
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

NETWORK_FILE_SYSTEMS = frozenset(
    "nfs nfs4 cifs smb smb2 smb3 smbfs afs afpfs ncpfs 9p webdav davfs ceph fuse.ceph glusterfs fuse.glusterfs "
    "lustre gpfs beegfs ocfs2 gfs2 fuse.sshfs fuse.s3fs fuse.rclone macfuse osxfuse".split()
)


class FolderInUse(Exception):
    """Another process works on the data folder."""


class UnsafeFolder(Exception):
    """The data folder lies where a database cannot be kept safely."""


@dataclass(frozen=True, slots=True)
class Held:
    """The lock. Keep it as long as the process works on the folder."""

    folder: Path
    descriptor: int

    def release(self) -> None:
        """Only when nothing of this process works on the folder any more; the end of the process does it too."""
        os.close(self.descriptor)


def hold(folder: Path) -> Held:
    """The lock on a folder that exists; at once or not at all.

    Raises FolderInUse, naming the process that holds it, or UnsafeFolder for a network file system.
    """
    if kind := network_file_system(folder, mounted()):
        raise UnsafeFolder(
            f"the data folder {folder} lies on a network file system ({kind}), which loses locks: "
            "set TIEOUT_DATA to a folder on a local disk, or use PostgreSQL"
        )
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.read(descriptor, 32).decode("ascii", "replace").strip() or "?"
        os.close(descriptor)
        raise FolderInUse(
            f"another Tieout (process {holder}) works on {folder}: "
            "stop it first, or give this one its own folder with TIEOUT_DATA"
        ) from error
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
    return Held(folder, descriptor)


def network_file_system(folder: Path, mounts: dict[str, str]) -> str | None:
    """The kind of file system a folder lies on, where that is one over a network."""
    place = folder.resolve()
    for parent in (place, *place.parents):
        if kind := mounts.get(str(parent)):
            return kind if kind in NETWORK_FILE_SYSTEMS else None
    return None


def mounted() -> dict[str, str]:
    """Mount point → kind of file system; empty where the system does not say."""
    try:
        if sys.platform == "darwin":
            answer = subprocess.run(["/sbin/mount"], capture_output=True, text=True, timeout=5, check=False)
            return read_mount_command(answer.stdout)
        return read_mount_table(Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace"))
    except (OSError, subprocess.TimeoutExpired):
        return {}


def read_mount_table(text: str) -> dict[str, str]:
    """Linux: `server:/books /data nfs4 rw 0 0`, blanks in names written \\040. Of two mounts the later one shows."""
    rows = (line.split() for line in text.splitlines())
    return {_unescaped(row[1]): row[2] for row in rows if len(row) > 2}


def read_mount_command(text: str) -> dict[str, str]:
    """macOS: `//anna@server/books on /Volumes/books (smbfs, nodev)`."""
    found = {}
    for line in text.splitlines():
        left, _, options = line.rpartition(" (")
        _, _, point = left.partition(" on ")
        if point:
            found[point] = options.split(",")[0].rstrip(")")
    return found


def _unescaped(name: str) -> str:
    for code, sign in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        name = name.replace(code, sign)
    return name
