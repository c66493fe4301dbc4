"""Mounts: a folder is refused for the file system that it lies on, and for no other."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from queenlib.errors import StoreUnusable
from queenlib.registry.sqlite.mounts import NETWORK, check_place, kind_of

SHM = Path("/dev/shm")
linux = pytest.mark.skipif(not sys.platform.startswith("linux") or not SHM.is_mount(), reason="there is no tmpfs to look at")

HIDING = """
import subprocess, sys
from pathlib import Path
from queenlib.registry.sqlite.mounts import kind_of

def mount(kind, folder):
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", kind, "none", folder], check=True)

root = Path(sys.argv[1])
outer, inner, beside = root / "with a blank", root / "with a blank" / "inner", root / "with a blank" / "innermost"
mount("tmpfs", outer)
mount("ramfs", inner)
beside.mkdir()
print(kind_of(outer), kind_of(inner), kind_of(inner / "deep" / "er"), kind_of(beside))
mount("ramfs", outer)
print(kind_of(outer), kind_of(inner))
mount("tmpfs", outer)
print(kind_of(outer))
"""
"""Mounts one file system in another and over another, and says what each folder lies on."""


@pytest.fixture
def in_memory() -> Iterator[Path]:
    """A folder on a tmpfs."""
    with TemporaryDirectory(dir=SHM) as folder:
        yield Path(folder)


@linux
def test_a_folder_on_a_refused_file_system_is_refused(in_memory: Path) -> None:
    """The error says which folder, which type, and where to go; nothing was written."""
    with pytest.raises(StoreUnusable) as caught:
        check_place(in_memory, refused={"tmpfs"})
    assert (caught.value.fault, caught.value.path) == ("network", str(in_memory))
    assert "(tmpfs)" in caught.value.what
    assert "QUEENLIB_HOME" in caught.value.next
    assert list(in_memory.iterdir()) == []


@linux
def test_a_folder_on_another_file_system_is_not(in_memory: Path) -> None:
    """The same folder, where its type is none of the refused."""
    check_place(in_memory, refused=())
    check_place(in_memory, refused=NETWORK)
    check_place(in_memory, refused={"tmpf", "tmpfs2", "TMPFS"})


@linux
def test_what_is_mounted_inside_of_another_counts(in_memory: Path) -> None:
    """Of all mounts that a folder lies in, the innermost is its own."""
    assert kind_of(in_memory) == kind_of(SHM) == "tmpfs"
    assert kind_of(Path("/proc/self")) == "proc"
    assert kind_of(Path("/")) not in ("", "tmpfs", "proc")
    check_place(Path("/"), refused={"proc"})


@linux
def test_a_link_is_where_it_leads(in_memory: Path, tmp_path: Path) -> None:
    """A home that is a link to another disk lies on that disk."""
    link = tmp_path / "home"
    link.symlink_to(in_memory)
    assert kind_of(link) == "tmpfs"
    assert kind_of(link / "deeper") == "tmpfs"
    with pytest.raises(StoreUnusable):
        check_place(link, refused={"tmpfs"})


@linux
def test_a_folder_that_is_not_there_yet_lies_where_it_will(in_memory: Path) -> None:
    """The check comes before anything is made."""
    assert kind_of(in_memory / "a" / "b") == "tmpfs"
    assert not (in_memory / "a").exists()


def test_a_mount_that_hides_another_counts(tmp_path: Path) -> None:
    """The later one over the earlier, also one of a name with a blank, and never one whose name only begins alike."""
    command = ["unshare", "--map-root-user", "--mount", sys.executable, "-c", HIDING, str(tmp_path)]
    try:
        told = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except FileNotFoundError:
        pytest.skip("there is no program that makes a name space")
    if told.returncode and "HIDING" not in told.stderr and "unshare:" in told.stderr:
        pytest.skip("nothing may be mounted here")
    assert told.stderr == ""
    assert told.stdout.splitlines() == ["tmpfs ramfs ramfs tmpfs", "ramfs ramfs", "tmpfs"]


def test_no_disk_of_one_machine_is_refused() -> None:
    """The usual ones of each platform, by the names that the system gives them."""
    usual = {
        "ext4",
        "xfs",
        "btrfs",
        "zfs",
        "apfs",
        "hfs",
        "ntfs",
        "NTFS",
        "fuseblk",
        "tmpfs",
        "overlay",
        "vfat",
        "exfat",
        "f2fs",
    }
    assert not usual & NETWORK
    assert {"nfs", "nfs4", "cifs", "smbfs", "9p", "fuse.sshfs"} <= NETWORK


def test_the_folder_of_the_tests_is_told(tmp_path: Path) -> None:
    """Where the platform tells of mounts at all, each folder lies on one."""
    assert kind_of(tmp_path)
    check_place(tmp_path, refused=())
