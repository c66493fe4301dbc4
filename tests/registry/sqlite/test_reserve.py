"""The reserve: real room on the disk, given back when it is needed and taken again when there is some."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from queenlib.registry.sqlite.reserve import SIZE, Reserve

LIMITED = """
import resource, signal, sys
from pathlib import Path
from queenlib.registry.sqlite.reserve import Reserve
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
reserve = Reserve(Path(sys.argv[1]))
print(reserve.keep(), reserve.give(), Path(sys.argv[1]).exists(), end=" ")
reserve.keep()
print(Path(sys.argv[1]).exists(), end=" ")
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
reserve.keep()
print(Path(sys.argv[1]).stat().st_size)
"""
"""Keeps a reserve where a file may have so many bytes, and then where there is room."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a reserve is to lie."""
    return tmp_path / "jobs.reserve"


def taken(path: Path) -> int:
    """Bytes of the disk that a file takes."""
    return path.stat().st_blocks * 512


def test_the_room_is_real(path: Path) -> None:
    """Its blocks are taken, and its bytes are none that a file system could leave out; nobody else reads it."""
    assert Reserve(path).keep()
    assert path.stat().st_size == SIZE
    assert taken(path) >= SIZE
    blocks = {path.read_bytes()[at : at + 4096] for at in range(0, SIZE, 4096)}
    assert len(blocks) == SIZE // 4096
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_it_is_given_back_once(path: Path) -> None:
    """Then it is gone from the disk, and there is nothing more to give."""
    reserve = Reserve(path)
    reserve.keep()
    assert reserve.give()
    assert not path.exists()
    assert not reserve.give()


def test_it_is_taken_again(path: Path) -> None:
    """As often as there is room."""
    reserve = Reserve(path)
    for _ in range(3):
        reserve.keep()
        assert taken(path) >= SIZE
        assert reserve.give()


def test_what_is_there_is_kept_as_it_is(path: Path) -> None:
    """Keeping it again writes nothing, in this life or another."""
    reserve = Reserve(path)
    reserve.keep()
    before = path.read_bytes()
    reserve.keep()
    Reserve(path).keep()
    assert path.read_bytes() == before


@pytest.mark.parametrize("size", [0, 1, SIZE - 1, SIZE + 1, 3 * SIZE])
def test_one_of_another_size_is_made_anew(path: Path, size: int) -> None:
    """A half of one, as a full disk leaves it, or that of another version."""
    path.write_bytes(b"\x00" * size)
    Reserve(path).keep()
    assert path.stat().st_size == SIZE
    assert taken(path) >= SIZE


@pytest.mark.skipif(sys.platform == "win32", reason="there is no limit for files")
@pytest.mark.parametrize("room", [0, 1, 4096, SIZE - 1])
def test_where_there_is_no_room_there_is_no_reserve(path: Path, room: int) -> None:
    """That is no error, it leaves no part of a file behind, and it is taken when there is room."""
    told = subprocess.run([sys.executable, "-c", LIMITED, str(path), str(room)], capture_output=True, text=True, timeout=60)
    assert told.stderr == ""
    assert told.stdout.split() == ["False", "False", "False", "False", str(SIZE)]


def test_where_there_is_no_folder_there_is_no_reserve(tmp_path: Path) -> None:
    """Whatever the system says, nothing is raised."""
    reserve = Reserve(tmp_path / "gone" / "jobs.reserve")
    assert not reserve.keep()
    assert not reserve.give()


def test_a_reserve_that_somebody_removed_is_not_there_to_give(path: Path) -> None:
    """Giving it back is no error."""
    reserve = Reserve(path, 4096)
    reserve.keep()
    path.unlink()
    reserve.give()
    reserve.keep()
    assert taken(path) >= 4096
