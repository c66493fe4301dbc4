"""The mark: it says the last thing that was kept, or nothing at all."""

from __future__ import annotations

import stat
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queenlib.registry.sqlite.mark import SIZE, Mark, Marked

MARKED = Marked(bytes(range(16)), 41, 2**40 + 7)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a mark is to lie."""
    return tmp_path / "jobs.mark"


def said(path: Path) -> Marked | None:
    """What somebody reads who has just come."""
    return Mark(path).read()


def write(path: Path, *marked: Marked) -> None:
    """Write marks, one after the other."""
    mark = Mark(path)
    for each in marked:
        mark.write(each)
    mark.close()


def test_no_mark_says_nothing(path: Path) -> None:
    """And looking for it makes none."""
    assert said(path) is None
    assert not path.exists()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(store=st.binary(min_size=16, max_size=16), number=st.integers(0, 2**31), seq=st.integers(0, 2**32))
def test_what_is_written_is_read(path: Path, store: bytes, number: int, seq: int) -> None:
    """The last mark is the one that counts, for the one who wrote it and for who comes later."""
    mark = Mark(path)
    mark.write(MARKED)
    mark.write(Marked(store, number, seq))
    assert mark.read() == said(path) == Marked(store, number, seq)
    mark.close()


@pytest.mark.parametrize("size", range(SIZE))
def test_a_mark_that_was_half_written_says_nothing(path: Path, size: int) -> None:
    """Whatever its length."""
    write(path, MARKED)
    path.write_bytes(path.read_bytes()[:size])
    assert said(path) is None


def test_a_mark_of_which_a_part_is_new_says_nothing(path: Path) -> None:
    """Torn between two that differ, wherever it is."""
    old_mark = Marked(bytes(16), 2**62 - 1, 2**62 - 1)
    write(path, old_mark)
    old = path.read_bytes()
    write(path, MARKED)
    new = path.read_bytes()
    for cut in range(SIZE + 1):
        torn = new[:cut] + old[cut:]
        path.write_bytes(torn)
        assert said(path) == {old: old_mark, new: MARKED}.get(torn)


def test_a_wrong_byte_says_nothing(path: Path) -> None:
    """Each byte, with each of its bits."""
    write(path, MARKED)
    whole = path.read_bytes()
    for bit in range(8 * SIZE):
        wrong = bytearray(whole)
        wrong[bit // 8] ^= 1 << bit % 8
        path.write_bytes(bytes(wrong))
        assert said(path) is None


@pytest.mark.parametrize("foreign", [b"", b"\x00" * SIZE, b"x" * SIZE, b"a letter to somebody\n" * 100])
def test_foreign_bytes_say_nothing_and_are_written_over(path: Path, foreign: bytes) -> None:
    """No tail of them is left that would hide every later mark."""
    path.write_bytes(foreign)
    assert said(path) is None
    write(path, MARKED)
    assert said(path) == MARKED
    assert path.stat().st_size == SIZE


def test_a_mark_that_is_opened_again_stands_until_the_next(path: Path) -> None:
    """It is written in its place: no moment without one, no second file, and nobody else may read it."""
    write(path, MARKED)
    inode = path.stat().st_ino
    write(path)
    assert said(path) == MARKED
    write(path, MARKED, Marked(MARKED.store, 42, 1))
    assert said(path) == Marked(MARKED.store, 42, 1)
    assert path.stat().st_ino == inode
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_cleared_mark_names_nothing(path: Path) -> None:
    """It belongs to no database and no job; the next one counts again. It can be cleared where none was."""
    mark = Mark(path)
    mark.clear()
    assert said(path) == Marked(bytes(16), 0, 0)
    mark.write(MARKED)
    mark.clear()
    assert said(path) == Marked(bytes(16), 0, 0)
    mark.write(MARKED)
    assert said(path) == MARKED
    mark.close()


def test_a_closed_mark_holds_no_file(path: Path) -> None:
    """Closing twice is closing; writing opens it again."""
    mark = Mark(path)
    mark.close()
    mark.write(MARKED)
    assert str(path) in opened()
    mark.close()
    mark.close()
    assert str(path) not in opened()
    mark.write(Marked(MARKED.store, 1, 1))
    mark.close()
    assert said(path) == Marked(MARKED.store, 1, 1)


def opened() -> set[str]:
    """The files that this process has open."""
    return {file.path for file in psutil.Process().open_files()}
