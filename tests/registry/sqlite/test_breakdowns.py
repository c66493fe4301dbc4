"""Openings and closings that go wrong half way: it is told, nothing is held any more, and the next one opens."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from queenlib.errors import StoreFull, StoreUnusable
from queenlib.registry.sqlite.checks import check_whole
from queenlib.registry.sqlite.mark import Mark, Marked
from queenlib.registry.sqlite.opening import Opened, open_database
from queenlib.registry.sqlite.store import SqliteStore
from queenlib.world import World
from tests.registry.sqlite.faulty import Fault, faulty
from tests.registry.sqlite.opened import (
    attempted,
    free,
    left_open,
    meta,
    opened_and_closed,
    posix,
    small_files,
)
from tests.registry.sqlite.written import a_job, copied, files_of, seeded

DYING = """
import os, sys
from itertools import count
from pathlib import Path
from queenlib.registry.sqlite.opening import open_database
from queenlib.world import World
from tests.registry.sqlite.faulty import Fault, faulty
for nth in count(1):
    folder = Path(sys.argv[1]) / str(nth)
    folder.mkdir()
    child = os.fork()
    if child == 0:
        with faulty() as files:
            files.fault = Fault("any", nth, 0)
            open_database(folder / "jobs.db", World(), files.name)
        os._exit(0)
    if os.waitpid(child, 0)[1] == 0:
        break
"""
"""Makes a database in a folder of its own again and again, and is killed each time one call later."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a database is to lie, and nothing else."""
    (tmp_path / "home").mkdir()
    return tmp_path / "home" / "jobs.db"


@posix
@pytest.mark.parametrize("most", [0, 100, 4096, 5000, 20_000, 33_000, 45_000])
@pytest.mark.parametrize("kind", ["new", "closed", "left"])
def test_where_there_is_no_room_it_is_told(path: Path, kind: str, most: int) -> None:
    """Whichever of its files cannot grow, it is a full disk and no broken one; with room it opens, and has what it had."""
    if kind != "new":
        left_open(path, "UPDATE meta SET removals = 77")
    if kind == "closed":
        opened_and_closed(path)
    for file in path.parent.glob("*-shm"):
        file.unlink()  # as after a start of the machine
    with small_files(most):
        came = attempted(path)
    assert isinstance(came, Opened | StoreFull)
    if isinstance(came, Opened):
        came.close()
    opened = open_database(path, World())
    assert meta(opened)[2] == (0 if kind == "new" else 77)
    opened.close()


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
@pytest.mark.parametrize("kind", ["new", "closed", "left"])
async def test_whatever_fails_once_it_is_told_and_the_next_opens(path: Path, kind: str, number: int) -> None:
    """Each call to the system in turn: the error is typed, nothing is held any more, and no job is lost."""
    world = seeded(4)
    if kind != "new":
        store = SqliteStore.open(path, world)
        await a_job(store, world, length=5)
        copied(path.parent, path.parent.with_name("left"))
        await store.close()
    source = path.parent.with_name("left") if kind == "left" else path.parent
    for nth in range(1, 200):
        place = copied(source, path.parent.with_name(f"copy-{nth}"))
        with faulty() as files:
            files.fault = Fault("any", nth, number)
            came = attempted(place, files.name)
            happened, files.fault = files.fault.happened, None
            if isinstance(came, Opened):
                came.close()
            else:
                assert isinstance(came, StoreFull | StoreUnusable)
                assert getattr(came, "fault", "io") in ("io", "read_only")
            if not happened:
                break
        opened = open_database(place, World())
        check_whole(place, opened.connection)
        assert opened.connection.execute("SELECT count(*) FROM jobs").get == (kind != "new")
        opened.close()
    assert nth > 5


@posix
def test_one_that_died_while_it_was_made_is_made_by_the_next(tmp_path: Path) -> None:
    """Killed at each call to the system in turn: it is no database yet, or it is one, and never somebody else's."""
    root = Path(__file__).parents[3]
    subprocess.run([sys.executable, "-c", DYING, str(tmp_path)], cwd=root, check=True, timeout=60)
    epochs = set[int]()
    for folder in tmp_path.iterdir():
        opened = open_database(folder / "jobs.db", World())
        check_whole(opened.path, opened.connection)
        epochs.add(opened.epoch)
        opened.close()
    assert epochs == {1, 2}
    assert len(list(tmp_path.iterdir())) > 20


async def test_what_was_opened_is_noticed_to_be_gone(path: Path) -> None:
    """Its file or its `-wal`, removed, renamed or replaced by the same bytes; put back, it is there again."""
    opened = open_database(path, World())
    for name in ("jobs.db", "jobs.db-wal"):
        file, aside = path.with_name(name), path.with_name("aside")
        file.rename(aside)
        assert not opened.still_there()
        file.write_bytes(aside.read_bytes())
        assert not opened.still_there()
        aside.replace(file)
        assert opened.still_there()
    path.with_name("jobs.reserve").unlink()
    assert opened.still_there()
    opened.close()


def test_one_that_was_replaced_is_closed_without_a_write(path: Path) -> None:
    """What stands in its place is somebody else's, and so is a `-wal` beside it."""
    opened = open_database(path, World())
    opened.connection.execute("UPDATE meta SET removals = 5")
    for name in ("jobs.db", "jobs.db-wal"):
        path.with_name(name).unlink()
        path.with_name(name).write_bytes(b"theirs")
    opened.close()
    assert (path.read_bytes(), path.with_name("jobs.db-wal").read_bytes()) == (b"theirs", b"theirs")
    assert free(path)


def test_closing_empties_the_wal(path: Path) -> None:
    """All of it is in the database then, and however often it is opened no file is longer for it."""
    sizes = set[int]()
    for _ in range(20):
        opened = open_database(path, World())
        opened.connection.execute("UPDATE meta SET removals = removals + 1")
        opened.close()
        assert sorted(files_of(path.parent)) == ["jobs.db"]
        sizes.add(path.stat().st_size)
    assert len(sizes) == 1


def test_a_failed_one_is_closed_as_it_is(path: Path) -> None:
    """After an error nothing more is written: what is in the `-wal` stays there, for the next to read."""
    opened = open_database(path, World())
    opened.connection.execute("UPDATE meta SET removals = 5")
    before = files_of(path.parent)
    opened.close(failed=True)
    assert files_of(path.parent) == before
    assert before["jobs.db-wal"]
    assert free(path)


def test_a_close_that_cannot_empty_the_wal_leaves_it(path: Path) -> None:
    """A disk that fails then costs nothing: what was kept is in the `-wal`, and the lock is free."""
    with faulty() as files:
        opened = open_database(path, World(), files.name)
        opened.connection.execute("UPDATE meta SET removals = 5")
        files.fault = Fault("write", 1, errno.EIO, file="db")
        opened.close()
        assert files.fault.happened
    assert free(path)
    opened = open_database(path, World())
    assert meta(opened)[1:] == (2, 5)
    opened.close()


def test_a_close_beside_a_reader_leaves_what_it_reads(path: Path) -> None:
    """Another program that looks at it keeps its `-wal`; it is not waited for after that, and nothing is lost."""
    opened = open_database(path, World())
    reader = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    opened.connection.set_busy_timeout(10)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM meta").fetchall()
    opened.connection.execute("UPDATE meta SET removals = 5")
    opened.close()
    assert reader.execute("SELECT removals FROM meta").get == 0
    reader.close()
    opened = open_database(path, World())
    assert meta(opened)[1:] == (2, 5)
    opened.close()


def test_the_mark_says_what_was_noted(path: Path) -> None:
    """With the id of this database; what was unmarked names nothing, and then any database will do."""
    opened = open_database(path, World())
    mark = Mark(path.with_suffix(".mark"))
    assert mark.read() is None
    opened.note(0, 0)
    assert mark.read() == Marked(opened.store, 0, 0)
    opened.note(4, 9)
    assert mark.read() == Marked(opened.store, 4, 9)
    opened.unmark()
    assert mark.read() == Marked(bytes(16), 0, 0)
    opened.close()
    assert opened_and_closed(path) == 2


@posix
def test_a_mark_for_which_there_is_no_room_is_not_made(path: Path) -> None:
    """It is no error; what cannot be written for another reason is."""
    opened = open_database(path, World())
    path.with_suffix(".mark").mkdir()
    with pytest.raises(IsADirectoryError):
        opened.note(1, 1)
    path.with_suffix(".mark").rmdir()
    with small_files(0):
        opened.note(1, 1)
    opened.close()
    assert opened_and_closed(path) == 2
