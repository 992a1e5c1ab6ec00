"""One process owns the data folder, and the folder lies on a disk of its own machine."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tieout.jobs import FolderInUse, UnsafeFolder, hold
from tieout.jobs import lock as locks
from tieout.jobs.lock import mounted, network_file_system, read_mount_command, read_mount_table

HOLDER = """
import sys, time
from pathlib import Path
from tieout.jobs import hold
held = hold(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


def test_the_lock_is_taken_once_and_free_again_after_release(folder: Path) -> None:
    held = hold(folder)
    with pytest.raises(FolderInUse, match=f"process {os.getpid()}\\) works on {folder}: stop it first"):
        hold(folder)
    held.release()
    hold(folder).release()


def test_a_killed_holder_leaves_nothing_to_clean_up(folder: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(folder)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    with pytest.raises(FolderInUse, match=f"process {holder.pid}\\)"):
        hold(folder)
    holder.kill()
    holder.wait()
    holder.stdout.close()
    hold(folder).release()


def test_two_folders_have_two_locks(folder: Path, tmp_path: Path) -> None:
    first, second = hold(folder), hold(tmp_path)
    first.release()
    second.release()


LINUX = """\
/dev/sda1 / ext4 rw,relatime 0 0
server:/books /data nfs4 rw,vers=4.2 0 0
/dev/sdb1 /data/fast xfs rw 0 0
//server/share /mnt/with\\040blank cifs rw 0 0
tmpfs /tmp tmpfs rw 0 0
anna@host:/x /home/anna/far fuse.sshfs rw 0 0
"""
MACOS = """\
/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)
//anna@server/books on /Volumes/books (smbfs, nodev, nosuid, mounted by anna)
server:/export on /private/nfs on top (nfs)
map auto_home on /System/Volumes/Data/home (autofs, automounted, nobrowse)
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/", None),
        ("/var/lib/tieout", None),
        ("/data", "nfs4"),
        ("/data/tieout", "nfs4"),
        ("/data/fast/tieout", None),
        ("/database", None),
        ("/mnt/with blank/x", "cifs"),
        ("/home/anna/far/x", "fuse.sshfs"),
    ],
)
def test_network_file_systems_are_known_on_linux(folder: str, kind: str | None) -> None:
    assert network_file_system(Path(folder), read_mount_table(LINUX)) == kind


@pytest.mark.parametrize(
    ("folder", "kind"), [("/Users/anna", None), ("/Volumes/books/tieout", "smbfs"), ("/private/nfs on top/x", "nfs")]
)
def test_network_file_systems_are_known_on_macos(folder: str, kind: str | None) -> None:
    assert network_file_system(Path(folder), read_mount_command(MACOS)) == kind


def test_a_link_into_a_network_file_system_is_followed(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "far")
    assert (
        network_file_system(tmp_path / "link" / "x", {"/": "ext4", str((tmp_path / "far").resolve()): "nfs"}) == "nfs"
    )


def test_a_folder_on_the_network_is_refused_with_what_to_do(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "mounted", lambda: {"/": "nfs4"})
    with pytest.raises(
        UnsafeFolder, match=r"network file system \(nfs4\).*set TIEOUT_DATA to a folder on a local disk"
    ):
        hold(folder)


def test_this_machine_says_what_is_mounted() -> None:
    assert "/" in mounted()
