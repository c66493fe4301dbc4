"""`queenlib salvage`: says what it did, or that nothing was to be done, and touches no home that is in use or of another."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from pathlib import Path

import apsw
import pytest

from queenlib import Queen
from queenlib.registry.sqlite.schema import VERSION
from queenlib.registry.sqlite.store import SqliteStore
from queenlib.world import World
from tests.cli.program import run, started
from tests.registry.sqlite.written import Seen, copied, files_of, reopened, seeded, seen, some_jobs

JOBS, UNFINISHED = 5, 1


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Seen]:
    """A home that was closed, and what was seen of it."""
    folder = tmp_path_factory.mktemp("made")

    async def fill() -> Seen:
        world = seeded(31)
        store = SqliteStore.open(folder / "jobs.db", world)
        await some_jobs(store, world, JOBS, unfinished=UNFINISHED, length=10)
        known = await seen(store)
        await store.close()
        return known

    return folder, asyncio.run(fill())


@pytest.fixture
def home(made: tuple[Path, Seen], tmp_path: Path) -> Path:
    """A copy of it, in a folder whose name a shell would take apart."""
    return copied(made[0], tmp_path / "it's a home").parent


def behead(home: Path) -> None:
    """Make the first page of its database noise."""
    path = home / "jobs.db"
    path.write_bytes(bytes(4096) + path.read_bytes()[4096:])


async def test_a_whole_home_is_left_as_it_is(home: Path, made: tuple[Path, Seen]) -> None:
    """It is said that nothing is wrong, not a byte is changed, and the exit code is 0."""
    before = files_of(home)
    done = run(home.with_name("another"), "salvage", "--home", str(home))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"Nothing is wrong with {home / 'jobs.db'}: {JOBS} jobs are whole. Nothing was changed.\n"
    assert files_of(home) == before
    assert not home.with_name("another").exists()
    await (await reopened(home / "jobs.db", made[1])).close()


async def test_a_damaged_home_is_brought_into_a_new_one(home: Path, made: tuple[Path, Seen]) -> None:
    """What was wrong, what is whole, what was cut off and where the old files are is said; the home opens then."""
    behead(home)
    damaged = (home / "jobs.db").read_bytes()
    done = run(home, "salvage", "--home", str(home))
    assert (done.returncode, done.stderr) == (0, "")
    what, whole, cut, *lost = done.stdout.splitlines()
    assert what.startswith(f"{home / 'jobs.db'} is damaged: ")
    assert whole == f"{JOBS - UNFINISHED} jobs are whole."
    assert cut == f"{UNFINISHED} job was cut off, and ended as lost:"
    assert re.fullmatch(r"  job-\w{12}  \d+ events kept", lost[0])
    assert lost[1] == "The old files are kept:"
    assert damaged in [Path(line.strip()).read_bytes() for line in lost[2:]]
    store = SqliteStore.open(home / "jobs.db", World())
    found = await seen(store)
    await store.close()
    ended = {job_id for job_id, record in made[1].records.items() if record.state.ended}
    assert {job_id: found.logs[job_id] for job_id in ended} == {job_id: made[1].logs[job_id] for job_id in ended}
    assert set(found.logs) == set(made[1].logs)


def test_what_was_salvaged_is_whole(home: Path) -> None:
    """A second time nothing is to be done."""
    behead(home)
    assert run(home, "salvage").returncode == 0
    before = files_of(home)
    done = run(home, "salvage")
    assert (done.returncode, done.stdout.split(":")[0]) == (0, f"Nothing is wrong with {home / 'jobs.db'}")
    assert files_of(home) == before


def test_the_home_of_the_environment_is_meant_where_none_is_given(home: Path, tmp_path: Path) -> None:
    """That of `--home` comes before it; a path may begin in the folder where one stands."""
    behead(home)
    new = tmp_path / "new"
    new.mkdir()
    given = run(home, "salvage", "--home", str(new))
    assert (given.returncode, given.stdout) == (
        0,
        f"Nothing is wrong with {new / 'jobs.db'}: 0 jobs are whole. Nothing was changed.\n",
    )
    assert not (new / "jobs.db").exists()
    assert len(run(home, "salvage").stdout.splitlines()) > 3


@pytest.mark.parametrize("make", [None, Path.touch], ids=["nothing", "a file"])
def test_a_home_that_is_none_does_not_fit(tmp_path: Path, make: object) -> None:
    """Where the given home is no folder, that is said with 2, and nothing is made."""
    if callable(make):
        make(tmp_path / "none")
    done = run(tmp_path / "home", "salvage", "--home", str(tmp_path / "none"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "--home" in done.stderr
    assert not (tmp_path / "home").exists()
    assert not (tmp_path / "none").is_dir()


def test_a_home_that_cannot_be_made_is_told_here_too(tmp_path: Path) -> None:
    """In four parts, with 1."""
    (tmp_path / "file").touch()
    done = run(tmp_path / "file", "salvage")
    assert (done.returncode, done.stdout) == (1, "")
    assert "cannot be made" in done.stderr
    assert "  next: " in done.stderr


def test_a_queen_on_the_home_is_left_alone(tmp_path: Path) -> None:
    """It is said that she has it, in four parts, with 1; she goes on, and her jobs are there."""
    with started(tmp_path, "serve", "--json") as process:
        assert process.stdout
        ready = json.loads(process.stdout.readline())
        done = run(tmp_path, "salvage", "--home", str(tmp_path))
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("HomeTaken: ")
        assert [line.partition(":")[0] for line in done.stderr.splitlines()][1:] == ["  why", "  state", "  next"]
        assert str(tmp_path) in done.stderr
        with Queen.connect(ready["url"], token_file=ready["token_file"]) as queen:
            assert queen.infer("x", model="sim:words?tokens=3").wait(60).text
            count = len(queen.sync.jobs.list().jobs)
        process.terminate()
        process.communicate(timeout=20)
    assert process.returncode == 0
    done = run(tmp_path, "salvage")
    assert (done.returncode, "Nothing is wrong" in done.stdout, f" {count} job" in done.stdout) == (0, True, True)


@pytest.mark.parametrize(
    ("change", "word"),
    [(f"PRAGMA user_version = {VERSION + 1}", "later version"), ("PRAGMA application_id = 5", "another program")],
)
def test_what_a_later_version_made_is_not_touched(home: Path, change: str, word: str) -> None:
    """It says so with 1 and leaves it; what another program made in a place of ours is kept beside what is new."""
    connection = apsw.Connection(str(home / "jobs.db"))
    connection.execute(change)
    connection.close()
    before = files_of(home)
    done = run(home, "salvage")
    if word == "later version":
        assert (done.returncode, done.stdout) == (1, "")
        assert "  next: pip install --upgrade queenlib" in done.stderr
        assert files_of(home) == before
    else:
        assert (done.returncode, done.stderr) == (0, "")
        assert set(before.values()) <= set(files_of(home).values())
    assert word in done.stdout + done.stderr


def test_a_home_that_lost_its_database_is_begun_anew(home: Path) -> None:
    """Where only its mark is left, the home opens again after it."""
    (home / "jobs.db").unlink()
    assert (home / "jobs.mark").exists()
    done = run(home, "salvage")
    assert (done.returncode, done.stderr) == (0, "")
    assert "is not there, and was" in done.stdout
    assert "0 jobs are whole." in done.stdout
    SqliteStore.open(home / "jobs.db", World())._writer.close()


def test_names_out_of_damaged_bytes_move_no_cursor(home: Path) -> None:
    """Whatever stands where the id of a job should, a terminal gets none of its control characters."""
    connection = apsw.Connection(str(home / "jobs.db"))
    name = "'job-' || char(27) || '[2Jx' || char(7)"
    head = f"CAST(replace(CAST(head AS TEXT), id, {name}) AS BLOB)"  # else its name is not believed
    connection.execute(f"UPDATE jobs SET id = {name}, head = {head} WHERE number = 1")
    connection.close()
    done = run(home, "salvage")
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 job was not readable:" in done.stdout
    assert "[2Jx" in done.stdout
    assert not {"\x1b", "\x07"} & set(done.stdout)


def test_where_nothing_can_be_written_it_is_told(home: Path) -> None:
    """A folder where the lock should be: in four parts, with 1, and nothing was changed."""
    behead(home)
    (home / "jobs.lock").mkdir()
    before = files_of(home)
    done = run(home, "salvage")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("StoreUnusable: ")
    assert "Traceback" not in done.stderr
    assert files_of(home) == before
    shutil.rmtree(home / "jobs.lock")
    assert run(home, "salvage").returncode == 0
