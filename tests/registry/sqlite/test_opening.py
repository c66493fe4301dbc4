"""Opening: made new or as it was left, one at a time, and refused before a byte of it is changed."""

from __future__ import annotations

import json
import os
import random
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
import pytest

from queenlib.errors import HomeTaken, StoreBusy, StoreUnusable
from queenlib.messages.filter import parse_filter
from queenlib.registry.sqlite.checks import SALVAGED
from queenlib.registry.sqlite.opening import open_database, sync_folder, take_lock
from queenlib.registry.sqlite.schema import APPLICATION_ID, MIGRATIONS, VERSION
from queenlib.registry.sqlite.store import SqliteStore
from queenlib.world import World
from tests.registry.sqlite.opened import (
    NEXT,
    SECOND,
    free,
    left_open,
    meta,
    opened_and_closed,
    posix,
    refused,
)
from tests.registry.sqlite.written import files_of, reopened, seeded, seen, some_jobs

OTHER = """
import sys
from pathlib import Path
from queenlib.errors import QueenError
from queenlib.registry.sqlite.opening import open_database
from queenlib.world import World
try:
    opened = open_database(Path(sys.argv[1]), World())
except QueenError as error:
    print(error.kind, flush=True)
else:
    print(opened.epoch, flush=True)
    sys.stdin.read()
    opened.close()
"""
"""Opens a database and keeps it until the end of its input."""

NOBODY = """
import json, os, sys
from pathlib import Path
from queenlib.errors import StoreUnusable
from queenlib.registry.sqlite.opening import open_database
from queenlib.world import World
os.chdir(sys.argv[1])
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    open_database(Path("jobs.db"), World())
except StoreUnusable as error:
    print(json.dumps([error.fault, error.what, error.next]))
"""
"""Opens a database in a folder, as somebody whom no mode lets pass: root may write everywhere."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a database is to lie, and nothing else."""
    (tmp_path / "home").mkdir()
    return tmp_path / "home" / "jobs.db"


@contextmanager
def another(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has it open, if it can; killed in the end."""
    command = [sys.executable, "-W", "error", "-c", OTHER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def hear(process: subprocess.Popen[str]) -> str:
    """What came of it there: an epoch, or the name of an error."""
    assert process.stdout
    return process.stdout.readline().strip()


def test_a_new_one_is_made(path: Path) -> None:
    """It says whose it is and of which version, has an id from the world, epoch 1, and a `-wal` beside it."""
    opened = open_database(path, World(random.Random(7)))
    assert opened.connection.pragma("application_id") == APPLICATION_ID
    assert opened.connection.pragma("user_version") == VERSION
    assert (opened.epoch, meta(opened)[1:]) == (1, (1, 0))
    assert opened.store == World(random.Random(7)).random.getrandbits(128).to_bytes(16, "big")
    assert path.with_name("jobs.db-wal").exists()
    assert opened.still_there()
    assert opened.free() > 0
    opened.close()
    assert sorted(file.name for file in path.parent.iterdir()) == ["jobs.db", "jobs.lock", "jobs.reserve"]
    assert free(path)


@posix
def test_its_owner_alone_reads_it(path: Path) -> None:
    """Every file of it has mode 0600, however generous the process is."""
    before = os.umask(0)
    try:
        opened = open_database(path, World())
        opened.note(1, 1)
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
        opened.close()
    finally:
        os.umask(before)
    files = ("jobs.db", "jobs.db-shm", "jobs.db-wal", "jobs.lock", "jobs.mark", "jobs.reserve")
    assert modes == dict.fromkeys(files, 0o600)


def test_the_epoch_rises_by_one_each_time(path: Path) -> None:
    """However it was left; the id stays."""
    ids = set[bytes]()
    for epoch in range(1, 9):
        opened = open_database(path, World())
        assert (opened.epoch, meta(opened)[1]) == (epoch, epoch)
        ids.add(opened.store)
        opened.close(failed=epoch % 2 == 0)
    assert len(ids) == 1


def test_what_a_dead_queen_left_is_there(path: Path) -> None:
    """What is in the `-wal` alone is read, and is in the database itself from then on."""
    left_open(path, "UPDATE meta SET removals = 12345")
    assert path.with_name("jobs.db-wal").stat().st_size
    opened = open_database(path, World())
    assert meta(opened)[1:] == (2, 12345)
    copy = path.with_name("copy.db")
    copy.write_bytes(path.read_bytes())
    connection = apsw.Connection(str(copy))
    assert connection.execute("SELECT removals, epoch FROM meta").get == (12345, 2)
    connection.close()
    opened.close()


def test_it_is_opened_once_in_a_process(path: Path) -> None:
    """Whoever has it keeps it; the second is told whose home it is, and changes nothing."""
    opened = open_database(path, World())
    before = files_of(path.parent)
    for _ in range(2):
        with pytest.raises(HomeTaken) as caught:
            open_database(path, World())
        assert caught.value.path == str(path.parent)
        assert repr(str(path.parent)) in caught.value.next
    assert files_of(path.parent) == before
    assert opened.still_there()
    opened.connection.execute("UPDATE meta SET removals = 1")
    opened.close()
    assert opened_and_closed(path) == 2


def test_it_is_opened_once_on_a_machine(path: Path) -> None:
    """Another process that has it is left alone; when she has died, however that was, the next one has it."""
    with another(path) as first:
        assert hear(first) == "1"
        before = files_of(path.parent)
        with pytest.raises(HomeTaken):
            open_database(path, World())
        with another(path) as second:
            assert hear(second) == "HomeTaken"
        assert files_of(path.parent) == before
        first.kill()
        first.wait(20)
        opened = open_database(path, World())
        assert opened.epoch == 2
        with another(path) as third:
            assert hear(third) == "HomeTaken"
        opened.close()
        with another(path) as fourth:
            assert hear(fourth) == "3"
            fourth.communicate("", timeout=20)
        assert fourth.returncode == 0


def test_a_lock_is_taken_and_given_back(path: Path) -> None:
    """It alone makes no database."""
    lock = take_lock(path)
    with pytest.raises(HomeTaken):
        take_lock(path)
    lock.release()
    take_lock(path).release()
    assert [file.name for file in path.parent.iterdir()] == ["jobs.lock"]


@posix
@pytest.mark.parametrize("there", [False, True], ids=["a new one", "one that is there"])
def test_where_nothing_may_be_written_another_folder_is_to_be_given(path: Path, there: bool) -> None:
    """A folder, and then a database, that the user may only read: it is said so, and nothing is left of the attempt."""
    if there:
        opened_and_closed(path)
        path.with_suffix(".lock").chmod(0o666)
    before = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    for file in path.parent.glob("jobs.db*"):
        file.chmod(0o444)
    path.parent.chmod(0o555)
    try:
        done = subprocess.run(
            [sys.executable, "-c", NOBODY, str(path.parent)], capture_output=True, text=True, timeout=60, check=True
        )
    finally:
        path.parent.chmod(0o755)
    fault, what, remedy = json.loads(done.stdout)
    assert (fault, "PermissionError" in what, "QUEENLIB_HOME" in remedy) == ("read_only", True, True)
    assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == before


@pytest.mark.parametrize("name", ["jobs.db", "jobs.db-wal", "jobs.mark", "jobs.lock"])
def test_a_folder_where_a_file_should_be_is_told(path: Path, name: str) -> None:
    """Whichever of the files it is; no lock is held any more."""
    if name != "jobs.db":
        opened_and_closed(path)
    path.with_name(name).unlink(missing_ok=True)
    path.with_name(name).mkdir()
    before = files_of(path.parent)
    with pytest.raises(StoreUnusable) as caught:
        open_database(path, World())
    assert caught.value.path == str(path)
    assert files_of(path.parent) == before
    path.with_name(name).rmdir()
    assert opened_and_closed(path) in (1, 2)


@pytest.mark.parametrize("make", [Path.touch, lambda folder: None], ids=["a file", "nothing"])
def test_where_there_is_no_folder_none_is_made(tmp_path: Path, make: Callable[[Path], None]) -> None:
    """A file, or nothing, where the folder of the home should be."""
    make(tmp_path / "none")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(StoreUnusable) as caught:
        open_database(tmp_path / "none" / "jobs.db", World())
    assert caught.value.fault == "io"
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("left", [opened_and_closed, left_open])
def test_a_newer_one_is_refused_untouched(path: Path, left: Callable[..., object]) -> None:
    """Whether it was closed or left; the newer queenlib opens it as before."""
    opened_and_closed(path)
    left(path, migrations=NEXT)
    error = refused(path)
    assert (error.fault, error.next) == ("newer", "pip install --upgrade queenlib")
    assert f"number {VERSION + 1}, and this one knows {VERSION}" in error.what
    assert opened_and_closed(path, NEXT) == 3


def test_a_newer_one_whose_version_is_in_the_wal_alone_is_refused_untouched(path: Path) -> None:
    """Its head says that it is ours of this version."""
    left_open(path, f"PRAGMA user_version = {VERSION + 1}", SECOND)
    assert path.read_bytes()[60:64] == bytes((0, 0, 0, VERSION))
    assert refused(path).fault == "newer"
    assert opened_and_closed(path, NEXT) == 2


async def test_an_earlier_one_is_brought_here(path: Path) -> None:
    """By the migrations that it lacks, each once, and by no other; what was in it is still there."""
    world = seeded(3)
    store = SqliteStore.open(path, world)
    await some_jobs(store, world, 4, unfinished=1, length=10)
    known = await seen(store)
    await store.close()
    third = "ALTER TABLE notes ADD COLUMN more INTEGER; INSERT INTO notes VALUES (2, 'newer', 5)"
    for migrations in (NEXT, NEXT, (*NEXT, third), (*NEXT, third)):
        assert opened_and_closed(path, migrations)
    opened = open_database(path, World(), migrations=(*NEXT, third))
    assert opened.connection.pragma("user_version") == VERSION + 2
    assert opened.connection.execute("SELECT * FROM notes").fetchall() == [(1, "new", None), (2, "newer", 5)]
    assert (opened.epoch, opened.store) == (6, opened.store)
    assert [job_id for (job_id,) in opened.connection.execute("SELECT id FROM jobs ORDER BY number DESC")] == list(
        known.logs
    )
    opened.close()


async def test_jobs_of_the_first_version_are_found_by_what_they_are(path: Path) -> None:
    """The later versions are written in one step with the first opening; all jobs are there, in pages of any filter."""
    world, store = seeded(4), SqliteStore.open(path, seeded(4))
    await some_jobs(store, world, 12, unfinished=2, length=3)
    known, records = await seen(store), (await store.page(100, None)).jobs
    await store.close()
    older = apsw.Connection(str(path))
    older.execute("DROP TABLE facets; DROP TABLE dates; DROP TABLE besides; DROP TABLE answers; PRAGMA user_version = 1")
    older.close()
    assert opened_and_closed(path, MIGRATIONS[:1]) == 2
    store = SqliteStore.open(path, World())
    assert await seen(store) == known
    filters = [parse_filter(state=state) for state in {record.state for record in records}]
    filters += [parse_filter(operation="infer"), parse_filter(model="m"), parse_filter(created_after=records[3].created_at)]
    for wanted in filters:
        assert (await store.page(100, None, wanted)).jobs == tuple(filter(wanted.admits, records))
    await store.close()


@pytest.mark.parametrize(
    "bad",
    ["CREATE TABLE meta (x)", "DELETE FROM jobs; SELECT * FROM none", "CREATE TABLE a (x); INSERT INTO a VALUES (1, 2)"],
)
@pytest.mark.parametrize("left", [opened_and_closed, left_open])
def test_a_migration_that_fails_leaves_it_as_it_was(path: Path, bad: str, left: Callable[[Path], object]) -> None:
    """None of those before it counts either: they are one step, and the version that can use it still can."""
    left(path)
    error = refused(path, (*NEXT, bad))
    assert error.fault == "damaged"
    assert opened_and_closed(path) == 2
    assert opened_and_closed(path, NEXT) == 3


def test_a_new_one_whose_making_fails_is_made_by_the_next(path: Path) -> None:
    """What is left of it has no table and no number, and is in nobody's way."""
    for _ in range(2):
        with pytest.raises(StoreUnusable):
            open_database(path, World(), migrations=(*MIGRATIONS, "SELECT * FROM none"))
        assert free(path)
    assert opened_and_closed(path) == 1


def test_one_that_lacks_what_was_shown_is_not_even_migrated(path: Path) -> None:
    """The check of the mark and the migrations are one step."""
    opened = open_database(path, World())
    opened.note(3, 5)
    opened.close()
    assert refused(path, NEXT).fault == "behind"
    assert refused(path).fault == "behind"
    path.with_suffix(".mark").unlink()
    assert opened_and_closed(path) == 2


@pytest.mark.parametrize("number", [0, 1])
def test_one_that_was_removed_is_missed(path: Path, number: int) -> None:
    """Where the mark says that there were jobs, or that jobs were removed, no empty one is made in its place."""
    opened = open_database(path, World())
    opened.note(number, 1)
    opened.close()
    path.unlink()
    error = refused(path)
    assert (error.fault, path.exists()) == ("behind", False)
    assert "queenlib salvage" in error.next


def test_one_that_was_removed_is_missed_where_only_its_wal_is_left(path: Path) -> None:
    """The jobs of its newest commits are in there."""
    left_open(path)
    path.unlink()
    assert refused(path).fault == "behind"
    assert not path.exists()


@pytest.mark.parametrize("change", ["DELETE FROM meta", "INSERT INTO meta SELECT * FROM meta"])
@pytest.mark.parametrize("left", ["in its wal", "closed"])
def test_one_that_does_not_say_which_it_is_is_left_as_it_is(path: Path, change: str, left: str) -> None:
    """Also where there is no mark to compare it with: its epoch is not raised first."""
    opened = open_database(path, World())
    opened.connection.execute(change)
    opened.close(failed=left == "in its wal")
    assert refused(path).fault == "damaged"


def test_every_refusal_lets_go(path: Path) -> None:
    """A foreign file, a broken-off salvage, a damaged head: after each of them the lock is free and no file is open."""
    opened_and_closed(path)
    whole = path.read_bytes()
    for data, fault in ((b"x" * 5000, "foreign"), (bytes(4096) + whole[4096:], "foreign"), (whole[:-4096], "damaged")):
        path.write_bytes(data)
        assert refused(path).fault == fault
    path.write_bytes(whole)
    path.with_name(path.name + SALVAGED).touch()
    assert refused(path).fault == "damaged"
    path.with_name(path.name + SALVAGED).unlink()
    assert opened_and_closed(path) == 2


def test_another_program_is_waited_for(path: Path) -> None:
    """One that writes to it at this moment, and has done soon, is no reason to refuse the home."""
    opened_and_closed(path)
    other = apsw.Connection(str(path))
    other.execute("BEGIN IMMEDIATE")
    soon = threading.Timer(0.2, other.execute, ["COMMIT"])
    soon.start()
    assert opened_and_closed(path) == 2
    soon.join()
    other.close()


def test_one_that_another_program_keeps_locked_is_told(path: Path) -> None:
    """It is waited for, and then said; it is as it was, and opens when that program has done."""
    opened_and_closed(path)
    other = apsw.Connection(str(path))
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy) as caught:
        open_database(path, World())
    assert caught.value.waited_s > 0
    other.execute("ROLLBACK")
    other.close()
    assert free(path)
    assert opened_and_closed(path) == 2


async def test_what_a_store_has_is_there_after_many_openings(path: Path) -> None:
    """Every job to the byte, in a store that was closed and left in turn."""
    world = seeded(6)
    store = SqliteStore.open(path, world)
    await some_jobs(store, world, 4, unfinished=1, length=15)
    known = await seen(store)
    await store.close()
    for turn in range(4):
        opened = open_database(path, World())
        opened.close(failed=turn % 2 == 0)
    store = await reopened(path, known)
    assert store.epoch == 6
    await store.close()


def test_the_names_in_a_folder_are_brought_to_the_disk(tmp_path: Path) -> None:
    """Where there is no such folder, there is nothing to bring."""
    sync_folder(tmp_path)
    sync_folder(tmp_path / "none")
