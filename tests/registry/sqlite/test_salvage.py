"""Salvage: all that can be read is in the new store and nothing else is, every log has its end, and the old files stay."""

from __future__ import annotations

import asyncio
import os
import random
import re
import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path

import apsw
import pytest

from queenlib.errors import HomeTaken, StoreUnusable
from queenlib.messages.events import EndEvent
from queenlib.messages.job import JobRecord
from queenlib.messages.state import State
from queenlib.registry.sqlite.checks import SALVAGED
from queenlib.registry.sqlite.mark import Mark, Marked
from queenlib.registry.sqlite.salvage import REASON, Report, salvage
from queenlib.registry.sqlite.schema import VERSION
from queenlib.registry.sqlite.store import SqliteStore
from queenlib.world import World
from tests.registry.sqlite.written import ALL, Seen, a_job, compare, copied, files_of, lines, seeded, seen, some_jobs

JOBS, UNFINISHED = 9, 2
Place = Callable[[str], Path]


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Seen]:
    """A folder with a store as it was when it was `live`, and `closed`; and what was seen of it."""
    folder = tmp_path_factory.mktemp("stores")

    async def fill() -> Seen:
        (folder / "first").mkdir()
        world = seeded(21)
        store = SqliteStore.open(folder / "first" / "jobs.db", world)
        await some_jobs(store, world, JOBS - 1, unfinished=UNFINISHED)
        await a_job(store, world, length=3, key="mine")
        saw = await seen(store)
        copied(folder / "first", folder / "live")
        await store.close()
        copied(folder / "first", folder / "closed")
        return saw

    return folder, asyncio.run(fill())


@pytest.fixture
def place(known: tuple[Path, Seen], tmp_path: Path) -> Place:
    """Gives a copy of one of the stores: the path of its database."""
    numbers = count()
    return lambda name: copied(known[0] / name, tmp_path / f"copy-{next(numbers)}")


def begun(record: JobRecord) -> JobRecord:
    """What a job was when it was new."""
    more = {"started_at": None, "ended_at": None, "tokens": 0, "error": None, "result": None, "reason": ""}
    as_new = {"state": State.QUEUED, "since": record.created_at, "last_seq": 1, "epoch": 1, "epoch_seq": 1}
    return record.model_copy(update=more | as_new)


async def check_salvaged(path: Path, known: Seen, report: Report) -> int:
    """Every job in the new store is what it was, or a part of it with an end that says so; gives how many events it has."""
    store = SqliteStore.open(path, World())
    try:
        found = await seen(store)
        assert await store.unfinished() == []
        assert set(found.logs) <= set(known.logs)
        assert report.whole + len(report.cut) == len(found.logs)
        named = {name for name in report.unreadable if re.fullmatch(r"job-[0-9a-z]+", name)}  # others show the damage
        assert named <= set(known.logs) - set(found.logs)
        for job_id, log in found.logs.items():
            if job_id in report.cut:
                await check_cut(store, found.records[job_id], known.logs[job_id], report.cut[job_id])
            else:
                assert (log, found.records[job_id]) == (known.logs[job_id], known.records[job_id])
        return found.events
    finally:
        await store.close()


async def check_cut(store: SqliteStore, record: JobRecord, whole: list[bytes], kept: int) -> None:
    """A log that was cut is the first events of the whole one and one end; its record is the fold of it."""
    events = list(await store.read(record.id, 0, ALL))
    assert lines(events[:-1]) == whole[:kept]
    assert [event.seq for event in events] == list(range(1, kept + 2))
    end = events[-1]
    assert isinstance(end, EndEvent)
    assert (end.data.state, end.data.reason, record.state) == (State.LOST, REASON, State.LOST)
    assert end.data.error is not None
    assert end.data.error.kind == "JobLost"
    assert all((end.data.error.what, end.data.error.why, end.data.error.state, end.data.error.next))
    assert record.error == end.data.error
    assert record.epoch_seq == end.seq, "a reader who has seen more is told that the log was set back"
    assert record.epoch == store.epoch - 1


def harm_pages(path: Path, chance: random.Random, number: int) -> None:
    """Make some pages of a database noise, or nothing."""
    data = bytearray(path.read_bytes())
    for _ in range(number):
        at = chance.randrange(1, len(data) // 4096) * 4096
        data[at : at + 4096] = bytes(4096) if chance.random() < 0.5 else chance.randbytes(4096)
    path.write_bytes(data)


def harm_bits(path: Path, chance: random.Random, number: int) -> None:
    """Flip some bits of a file."""
    data = bytearray(path.read_bytes())
    for _ in range(number):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    path.write_bytes(data)


def harm(path: Path, chance: random.Random) -> str:
    """Damage a store in one of many ways; says how."""
    ways: list[Callable[[], object]] = [
        lambda: harm_pages(path, chance, 1),
        lambda: harm_pages(path, chance, 4),
        lambda: harm_bits(path, chance, 1),
        lambda: harm_bits(path, chance, 30),
        lambda: os.truncate(path, chance.randrange(path.stat().st_size)),
        lambda: harm_bits(path.with_name("jobs.db-wal"), chance, 1),
        lambda: harm_bits(path.with_name("jobs.db-wal"), chance, 30),
        lambda: os.truncate(path.with_name("jobs.db-wal"), chance.randrange(path.with_name("jobs.db-wal").stat().st_size)),
        lambda: path.with_name("jobs.db-wal").unlink(),
        lambda: path.unlink(),
        lambda: path.write_bytes(bytes(4096) + path.read_bytes()[4096:]),
    ]
    if not path.with_name("jobs.db-wal").exists():
        del ways[5:9]
    chosen = chance.randrange(len(ways))
    ways[chosen]()
    return f"way {chosen} of {len(ways)}"


async def salvaged(path: Path, known: Seen) -> Report:
    """Salvage a store, and check what came of it."""
    before = files_of(path.parent)
    report = await asyncio.to_thread(salvage, path, World())
    after = files_of(path.parent)
    if not report.fault:
        assert after == before
        return report
    assert sorted(after[path.name] for path in report.kept if path.name in after) == sorted(before.values())
    await check_salvaged(path, known, report)
    assert not [name for name in after if "draft" in name or SALVAGED in name]
    return report


async def _many(place: Place, known: Seen, times: int, seed: int) -> None:
    for number in range(times):
        chance = random.Random(seed * 1000 + number)
        path = place(chance.choice(["live", "closed"]))
        how = harm(path, chance)
        try:
            await salvaged(path, known)
        except Exception as error:
            if getattr(error, "fault", "") != "newer":  # one bit may say that
                raise AssertionError(f"{number}: {how}: {error}") from error
        shutil.rmtree(path.parent)


async def test_whatever_was_damaged_what_comes_out_is_right(place: Place, known: tuple[Path, Seen]) -> None:
    """Pages, bits, cut or missing files: no job is more than it was, every log has one end, and no old byte is lost."""
    await _many(place, known[1], 25, seed=1)


@pytest.mark.full
@pytest.mark.timeout(900)
async def test_whatever_else_was_damaged_what_comes_out_is_right(place: Place, known: tuple[Path, Seen]) -> None:
    """The same, many times."""
    await _many(place, known[1], 400, seed=2)


@pytest.mark.parametrize("name", ["closed", "live"])
async def test_a_healthy_home_is_left_alone(place: Place, known: tuple[Path, Seen], name: str) -> None:
    """It is said that nothing is wrong, not a byte is changed, and it opens as before."""
    path = place(name)
    before = {path.name: path.read_bytes() for path in path.parent.iterdir()}
    report = await asyncio.to_thread(salvage, path, World())
    assert str(report) == f"Nothing is wrong with {path}: {JOBS} jobs are whole. Nothing was changed."
    path.with_suffix(".lock").unlink()
    assert {path.name: path.read_bytes() for path in path.parent.iterdir()} == before
    store = SqliteStore.open(path, World())
    assert await compare(store, known[1]) == []
    await store.close()


@pytest.mark.parametrize("seed", range(6))
async def test_no_healthy_store_is_taken_for_a_damaged_one(tmp_path: Path, seed: int) -> None:
    """Whatever is in it, whatever was removed from it, and however it was left."""
    world = seeded(seed)
    (tmp_path / "home").mkdir()
    store = SqliteStore.open(tmp_path / "home" / "jobs.db", world)
    for _ in range(3):
        ids = await some_jobs(store, world, 5, unfinished=1, length=world.random.choice([1, 10, 60]))
        await store.delete(ids[: world.random.randrange(3)], scrub=world.random.random() < 0.5)
    copied(tmp_path / "home", tmp_path / "copy")
    await store.close()
    for folder in ("home", "copy"):
        assert (await asyncio.to_thread(salvage, tmp_path / folder / "jobs.db", World())).fault == ""


async def test_where_there_is_no_store_nothing_is_wrong(tmp_path: Path) -> None:
    """A home that was never used has nothing to salvage, and gets nothing."""
    report = await asyncio.to_thread(salvage, tmp_path / "jobs.db", World())
    assert (report.fault, report.whole) == ("", 0)
    assert [path.name for path in tmp_path.iterdir()] == ["jobs.lock"]


async def test_without_the_first_page_all_is_there(place: Place, known: tuple[Path, Seen]) -> None:
    """Head and schema are not needed: every job that had ended is whole."""
    path = place("closed")
    path.write_bytes(bytes(4096) + path.read_bytes()[4096:])
    report = await salvaged(path, known[1])
    assert (report.whole, len(report.cut), report.unreadable) == (JOBS - UNFINISHED, UNFINISHED, [])


async def test_one_bit_in_the_wal_costs_no_more_than_one_job(place: Place, known: tuple[Path, Seen]) -> None:
    """SQLite drops all commits after it; what they wrote is still there, and is kept."""
    path = place("live")
    wal = path.with_name("jobs.db-wal")
    data = bytearray(wal.read_bytes())
    data[32 + 24 + 20 * (4096 + 24) + 2000] ^= 1
    wal.write_bytes(data)
    with pytest.raises(StoreUnusable):
        SqliteStore.open(path, World())
    report = await salvaged(path, known[1])
    assert report.whole >= JOBS - UNFINISHED - 1


async def test_a_job_that_the_mark_knows_is_named(place: Place, known: tuple[Path, Seen]) -> None:
    """Where the home has shown a job of which nothing is left, the report says so."""
    path = place("closed")
    mark = Mark(path.with_suffix(".mark"))
    told = mark.read()
    assert told is not None
    mark.write(Marked(told.store, 77, 3))
    mark.close()
    report = await salvaged(path, known[1])
    assert "number 77" in report.unreadable
    assert "  number 77\n" in str(report)


async def test_a_job_of_which_more_was_shown_has_not_ended_well(place: Place, known: tuple[Path, Seen]) -> None:
    """The mark says how far its log had come: one that has less, and is otherwise as it should be, is lost."""
    path = place("closed")
    unfinished = [record for record in known[1].records.values() if not record.state.ended]
    connection = apsw.Connection(str(path))
    ((number,),) = connection.execute("SELECT number FROM jobs WHERE id = ?", (unfinished[0].id,)).fetchall()
    connection.close()
    mark = Mark(path.with_suffix(".mark"))
    told = mark.read()
    assert told is not None
    mark.write(Marked(told.store, int(str(number)), unfinished[0].last_seq + 1))
    mark.close()
    report = await salvaged(path, known[1])
    assert report.cut[unfinished[0].id] == unfinished[0].last_seq


async def test_the_report_says_what_was_done(place: Place, known: tuple[Path, Seen]) -> None:
    """What was wrong, jobs whole, cut and not readable, and where the old files are."""
    path = place("closed")
    connection = apsw.Connection(str(path))
    connection.execute("DELETE FROM requests WHERE number = 1")
    connection.execute("UPDATE chunks SET body = CAST(body || 'x' AS BLOB) WHERE place = (2 << 32) + 1")
    connection.close()
    report = await salvaged(path, known[1])
    said = str(report).splitlines()
    assert said[0] == f"{path} is damaged."
    assert said[1] == f"{JOBS - UNFINISHED - 2} jobs are whole."
    assert said[2] == f"{UNFINISHED} jobs were cut off, and ended as lost:"
    assert re.fullmatch(r"  job-\w{12}  \d+ events kept", said[3])
    assert said[5] == "2 jobs were not readable:"
    assert said[8] == "The old files are kept:"
    assert re.fullmatch(rf"  {re.escape(str(path))}\.damaged-\d{{8}}T\d{{6}}Z", said[9])
    assert [Path(line.strip()) for line in said[9:]] == list(report.kept)


async def test_the_old_files_are_never_written_over(place: Place, known: tuple[Path, Seen]) -> None:
    """Several times within a second they still get names of their own."""
    path, kept = place("closed"), []
    for _ in range(3):
        path.write_bytes(bytes(4096) + path.read_bytes()[4096:])
        kept.append(path.read_bytes())
        assert (await asyncio.to_thread(salvage, path, World())).fault
    there = [file.read_bytes() for file in path.parent.glob("jobs.db.damaged-*") if file.suffix != ".mark"]
    assert sorted(there) == sorted(kept)


async def test_keys_are_kept(place: Place, known: tuple[Path, Seen]) -> None:
    """Who creates a job again with its key gets that job, also from the salvaged store."""
    path = place("closed")
    path.write_bytes(bytes(4096) + path.read_bytes()[4096:])
    await salvaged(path, known[1])
    (job_id,) = [record.id for record in known[1].records.values() if record.terms.key == "mine"]
    store = SqliteStore.open(path, World())
    record = await store.get(job_id)
    assert record is not None
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    ((digest,),) = connection.execute("SELECT digest FROM jobs WHERE key = 'mine'").fetchall()
    connection.close()
    again = record.model_copy(update={"id": "job-another"})
    assert await store.create(again, [], str(digest)) == job_id
    await store.close()


async def test_a_queen_on_the_home_is_not_disturbed(tmp_path: Path) -> None:
    """While a queen has it, it is refused."""
    world = seeded(5)
    store = SqliteStore.open(tmp_path / "jobs.db", world)
    await a_job(store, world, length=3)
    with pytest.raises(HomeTaken):
        await asyncio.to_thread(salvage, tmp_path / "jobs.db", World())
    await a_job(store, world, length=3)
    await store.close()


def test_a_store_of_a_later_version_is_refused(place: Place) -> None:
    """What it says is not known here, so that nothing is made of it."""
    path = place("closed")
    connection = apsw.Connection(str(path))
    connection.pragma("user_version", VERSION + 1)
    connection.close()
    before = files_of(path.parent)
    with pytest.raises(StoreUnusable) as caught:
        salvage(path, World())
    assert caught.value.fault == "newer"
    assert files_of(path.parent) == before


async def test_one_that_was_broken_off_is_done_by_the_next(place: Place, known: tuple[Path, Seen]) -> None:
    """Between the first old file that has moved and the new store in its place nobody opens the home; salvage goes on."""
    path = place("live")
    path.write_bytes(bytes(4096) + path.read_bytes()[4096:])
    report = await salvaged(path, known[1])
    for moved in range(len(report.kept) + 1):
        again = place("live")
        shutil.copyfile(path, again.with_name(again.name + SALVAGED))
        for name in ["jobs.db-wal", "jobs.db-shm", "jobs.mark", "jobs.db"][:moved]:
            again.with_name(name).rename(again.with_name(f"{name}.kept"))
        with pytest.raises(StoreUnusable) as caught:
            SqliteStore.open(again, World())
        assert "queenlib salvage" in caught.value.next
        await asyncio.to_thread(salvage, again, World())
        store = SqliteStore.open(again, World())
        found = await seen(store)
        assert len(found.logs) == report.whole + len(report.cut)
        await store.close()


async def test_what_was_broken_off_before_that_changes_nothing(place: Place, known: tuple[Path, Seen]) -> None:
    """A half-written new store is thrown away, and the home is as it was."""
    path = place("closed")
    path.with_name("jobs.db.draft").mkdir()
    (path.with_name("jobs.db.draft") / "jobs.db").write_bytes(b"half of it")
    store = SqliteStore.open(path, World())
    assert await compare(store, known[1]) == []
    await store.close()
    harm_bits(path, random.Random(1), 30)
    await salvaged(path, known[1])
    assert not path.with_name("jobs.db.draft").exists()


async def test_the_next_queen_is_of_a_later_epoch(place: Place, known: tuple[Path, Seen]) -> None:
    """A reader of the old store is never taken for one of the new."""
    path = place("closed")
    for _ in range(4):
        store = SqliteStore.open(path, World())
        await store.close()
    epoch = store.epoch
    path.write_bytes(bytes(4096) + path.read_bytes()[4096:])
    await salvaged(path, known[1])
    store = SqliteStore.open(path, World())
    assert store.epoch > epoch
    await store.close()
