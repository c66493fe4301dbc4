"""Opening: made new or as it was left, one at a time, and refused before a byte of it is changed."""

from __future__ import annotations

import errno
import json
import os
import random
import resource
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import apsw
import psutil
import pytest

from queenlib.errors import HomeTaken, QueenError, StoreBusy, StoreFull, StoreUnusable
from queenlib.file_lock import FileLock
from queenlib.registry.sqlite.checks import SALVAGED, check_whole
from queenlib.registry.sqlite.mark import Mark, Marked
from queenlib.registry.sqlite.opening import Opened, open_database, sync_folder, take_lock
from queenlib.registry.sqlite.schema import APPLICATION_ID, MIGRATIONS, VERSION
from queenlib.registry.sqlite.store import SqliteStore
from queenlib.world import World
from tests.registry.sqlite.faulty import Fault, faulty
from tests.registry.sqlite.written import a_job, copied, files_of, reopened, seeded, seen, some_jobs

posix = pytest.mark.skipif(os.name != "posix", reason="modes and users are POSIX's")
SECOND = "CREATE TABLE notes (number INTEGER PRIMARY KEY, said TEXT NOT NULL) STRICT; INSERT INTO notes VALUES (1, 'new')"
"""Another migration."""
NEXT = (*MIGRATIONS, SECOND)

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


def meta(opened: Opened) -> tuple[object, ...]:
    """What a database says of itself."""
    ((*said,),) = opened.connection.execute("SELECT store, epoch, removals FROM meta").fetchall()
    return tuple(said)


def opened_and_closed(path: Path, migrations: Sequence[str] = MIGRATIONS) -> int:
    """Open a database and close it; gives its epoch."""
    opened = open_database(path, World(), migrations=migrations)
    opened.close()
    return opened.epoch


def left_open(path: Path, *said: str, migrations: Sequence[str] = MIGRATIONS) -> None:
    """Open a database, have it do something, and leave it as a queen does who dies: all of that is in the `-wal`."""
    opened = open_database(path, World(), migrations=migrations)
    for each in said or ("UPDATE meta SET removals = removals + 1",):
        opened.connection.execute(each)
    opened.close(failed=True)


def attempted(path: Path, vfs: str | None = None) -> Opened | QueenError:
    """Open a database; gives the error, if there was one, and then nothing of it is held any more."""
    try:
        return open_database(path, World(), vfs)
    except QueenError as error:
        assert free(path)
        return error


def free(path: Path) -> bool:
    """Whether nobody has its lock, and this process has nothing of it open."""
    lock = FileLock(path.with_suffix(".lock"))
    taken = lock.try_take()
    lock.release()
    files = {Path(file.path).name for file in psutil.Process().open_files() if Path(file.path).parent == path.parent}
    return taken and not files


def refused(path: Path, migrations: Sequence[str] = MIGRATIONS) -> StoreUnusable:
    """What is said when it is opened; nothing was changed, and nothing of it is held any more."""
    before = files_of(path.parent)
    with pytest.raises(StoreUnusable) as caught:
        open_database(path, World(), migrations=migrations)
    assert files_of(path.parent) == before
    assert free(path)
    assert all((caught.value.what, caught.value.why, caught.value.state, caught.value.next))
    return caught.value


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


@contextmanager
def small_files(most: int) -> Iterator[None]:
    """No file of this process may grow beyond so many bytes, as on a disk without room."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


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
    assert "number 2, and this one knows 1" in error.what
    assert opened_and_closed(path, NEXT) == 3


def test_a_newer_one_whose_version_is_in_the_wal_alone_is_refused_untouched(path: Path) -> None:
    """Its head says that it is ours of this version."""
    left_open(path, "PRAGMA user_version = 2", SECOND)
    assert path.read_bytes()[60:64] == bytes((0, 0, 0, 1))
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
    assert opened.connection.pragma("user_version") == 3
    assert opened.connection.execute("SELECT * FROM notes").fetchall() == [(1, "new", None), (2, "newer", 5)]
    assert (opened.epoch, opened.store) == (6, opened.store)
    assert [job_id for (job_id,) in opened.connection.execute("SELECT id FROM jobs ORDER BY number DESC")] == list(
        known.logs
    )
    opened.close()


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
