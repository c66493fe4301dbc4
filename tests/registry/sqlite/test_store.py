"""The durable store: what no other store has. What all of them have is in `tests/registry/test_store.py`."""

from __future__ import annotations

import asyncio
import os
import stat
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import apsw
import psutil
import pytest

from queenlib.errors import HomeTaken, StoreFailed, StoreFull, StoreUnusable
from queenlib.messages.events import Body, EndData, Log, Progress, Token
from queenlib.messages.infer import Infer
from queenlib.messages.job import USUAL, JobRecord
from queenlib.messages.state import State
from queenlib.registry.log import JobLog
from queenlib.registry.sqlite.opening import open_database
from queenlib.registry.sqlite.schema import MIGRATIONS
from queenlib.registry.sqlite.store import SqliteStore
from queenlib.world import World
from tests.registry.sqlite.faulty import Fault, FaultyFiles, faulty
from tests.registry.sqlite.small_disk import small_disk
from tests.registry.sqlite.written import ALL, a_job, compare, files_of, reopened, seeded, seen, some_jobs

NEVER = 10**9
CANARY = "kept-in-no-file-1f0a"
LATER = (*MIGRATIONS, "CREATE TABLE more (x INTEGER) STRICT; ALTER TABLE meta ADD COLUMN extra TEXT;")
"""What a later version may make of our database."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database lies."""
    return tmp_path / "jobs.db"


@pytest.fixture
def files() -> Iterator[FaultyFiles]:
    """Files that do nothing wrong yet."""
    with faulty() as made:
        yield made


async def a_log(store: SqliteStore, prompt: str = "x") -> JobLog:
    """The log of a new job that runs."""
    log = JobLog.new(Infer(prompt=prompt, model="m"), USUAL, store, World())
    await log.create()
    log.state(State.RUNNING)
    await log.settled()
    return log


def no_trace(folder: Path, text: str) -> None:
    """Text is in none of the files of a folder."""
    for file in folder.iterdir():
        assert text.encode() not in file.read_bytes(), file.name


async def test_a_store_is_closed_without_a_trace(path: Path) -> None:
    """It is whole in one file, nothing of it is open and no thread is left; whoever asks it then is told."""
    threads, process = threading.active_count(), psutil.Process()
    store = SqliteStore.open(path, World())
    job_id = await a_job(store, World())
    known = await seen(store)
    await store.close()
    await store.close()
    assert {file.name for file in path.parent.iterdir()} == {"jobs.db", "jobs.lock", "jobs.mark", "jobs.reserve"}
    assert [file.path for file in process.open_files() if file.path.startswith(str(path.parent))] == []
    assert threading.active_count() == threads
    for ask in (store.get(job_id), store.read(job_id, 0, 9), store.delete([job_id]), store.size()):
        with pytest.raises(StoreFailed, match="is closed"):
            await ask
    await (await reopened(path, known)).close()


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such modes")
async def test_nobody_else_can_read_it(path: Path) -> None:
    """Each of its files is its owner's alone, whatever the umask."""
    before = os.umask(0)
    try:
        store = SqliteStore.open(path, World())
        await a_job(store, World())
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
        await store.close()
    finally:
        os.umask(before)
    assert {name: mode for name, mode in modes.items() if mode & 0o077} == {}
    assert {"jobs.db", "jobs.db-wal"} <= modes.keys()


async def test_there_is_one_to_a_file(path: Path) -> None:
    """A second one is refused while the first is open, which is not disturbed; then it may have it."""
    store = SqliteStore.open(path, World())
    with pytest.raises(HomeTaken):
        SqliteStore.open(path, World())
    await a_job(store, World())
    known = await seen(store)
    await store.close()
    await (await reopened(path, known)).close()


async def test_one_that_cannot_be_read_is_let_go_of(path: Path) -> None:
    """Where no reader comes up, nothing of it stays open, so that it can be opened again."""
    with pytest.raises(StoreUnusable):
        SqliteStore(open_database(path, World()), World(), vfs="no such way")
    await SqliteStore.open(path, World()).close()


@pytest.mark.parametrize(("durability", "synced"), [("full", 20), ("fast", 0)])
async def test_how_durable_pieces_are(path: Path, files: FaultyFiles, durability: str, synced: int) -> None:
    """In full, pieces of an answer are on the disk when they are shown; with `fast` they wait for what comes next."""
    store = SqliteStore.open(path, World(), durability=durability, vfs=files.name)  # type: ignore[arg-type]
    log = await a_log(store)
    files.fault = Fault("sync", NEVER, file="wal")
    for number in range(20):
        await log.write(Token(text=f"{number} ", dt_ms=1.0))
        await log.settled()
    assert (log.shown.tokens, files.fault.met) == (20, synced)
    await log.end(EndData(state=State.SUCCEEDED), {"text": "x"})
    assert files.fault.met == synced + 1
    await store.close()


@pytest.mark.parametrize("durability", ["full", "fast"])
async def test_all_else_is_on_the_disk_at_once(path: Path, files: FaultyFiles, durability: str) -> None:
    """A new job, a line, a state, progress, an end and a removal are one sync each, however the store was told to keep."""
    store = SqliteStore.open(path, World(), durability=durability, vfs=files.name)  # type: ignore[arg-type]
    await a_log(store)  # what begins the `-wal` is synced twice
    files.fault = Fault("sync", NEVER, file="wal")
    log = JobLog.new(Infer(prompt="x", model="m"), USUAL, store, World())
    await log.create()
    assert files.fault.met == 1
    log.state(State.RUNNING)
    await log.settled()
    bodies: list[Body] = [Log(text="x"), Progress(what="x", done=1, total=2, unit="steps")]
    for number, body in enumerate(bodies, 3):
        await log.write(body)
        await log.settled()
        assert files.fault.met == number
    await log.end(EndData(state=State.SUCCEEDED), {"text": "x"})
    assert files.fault.met == 5
    await store.delete([log.record.id])
    assert files.fault.met == 6
    await store.close()


async def test_pieces_that_come_with_something_else_are_synced_with_it(path: Path, files: FaultyFiles) -> None:
    """With `fast`, what others need at once takes along what could have waited."""
    store = SqliteStore.open(path, World(), durability="fast", vfs=files.name)
    log = await a_log(store)
    await log.write(Token(text="a", dt_ms=1.0))
    await log.settled()
    files.fault = Fault("sync", NEVER, file="wal")
    await a_log(store)
    assert files.fault.met == 2, "both of its steps, and with the first the piece before it"
    await store.close()


async def test_a_scrubbed_job_is_in_no_file(path: Path) -> None:
    """What was asked, said, and found is in none of its files when the removal returns; others keep theirs."""
    store = SqliteStore.open(path, World())
    stays = await a_job(store, World())
    log = await a_log(store, prompt=f"{CANARY} " * 400)
    for _ in range(30):
        await log.write(Log(text=f"{CANARY} " * 9))
        await log.write(Token(text=CANARY, dt_ms=1.0))
        await log.settled()
    await log.end(EndData(state=State.SUCCEEDED, reason=CANARY), {"text": CANARY * 2000})
    assert any(CANARY.encode() in file.read_bytes() for file in path.parent.iterdir())
    await store.delete([log.record.id], scrub=True)
    no_trace(path.parent, CANARY)
    assert await store.get(log.record.id) is None
    assert [job.id for job in (await store.page(9, None)).jobs] == [stays]
    known = await seen(store)
    await store.close()
    no_trace(path.parent, CANARY)
    await (await reopened(path, known)).close()


async def test_scrubbing_gives_room_back(path: Path) -> None:
    """The file is shorter by what was removed, and so is its size as the store says it."""
    store = SqliteStore.open(path, World())
    await a_job(store, World())
    before = await store.size()
    log = await a_log(store, prompt="long " * 400_000)
    await log.end(EndData(state=State.FAILED))
    assert await store.size() > before + 2_000_000
    await store.delete([log.record.id], scrub=True)
    assert await store.size() <= before
    assert path.stat().st_size <= before
    await store.close()


@pytest.mark.parametrize("room", [0, 300_000, 10**9])
async def test_a_removal_on_a_full_disk_is_done(path: Path, room: int) -> None:
    """It needs the reserve at most: the job is gone, and so are its bytes."""
    with small_disk(path.parent) as disk:
        store = SqliteStore.open(path, World(), vfs=disk.name)
        log = await a_log(store, prompt=CANARY * 100)
        await log.end(EndData(state=State.FAILED))
        stays = await a_job(store, World())
        disk.fill(room)
        await store.delete([log.record.id], scrub=True)
        no_trace(path.parent, CANARY)
        disk.room = None
        assert (await store.get(stays)) is not None
        await store.close()


async def test_the_size_is_that_of_what_is_kept(path: Path) -> None:
    """It grows with what is written, and is that of the file when all is in it."""
    store = SqliteStore.open(path, World())
    sizes = [await store.size()]
    for _ in range(3):
        await a_job(store, World(), length=60)
        await (await a_log(store, prompt="x" * 50_000)).end(EndData(state=State.FAILED))
        sizes.append(await store.size())
    assert sizes == sorted(set(sizes))
    await store.close()
    assert path.stat().st_size == sizes[-1]


async def test_a_result_of_many_megabytes_comes_back(path: Path) -> None:
    """To the character, from this life and the next; a list of jobs leaves it out."""
    store = SqliteStore.open(path, World())
    log = await a_log(store)
    text = "✓🐝 and then some; " * 400_000
    await log.end(EndData(state=State.SUCCEEDED), {"text": text})
    for _ in range(2):
        record = await store.get(log.record.id)
        assert record is not None
        assert record.result == {"text": text}
        assert (await store.page(9, None)).jobs[0].result is None
        await store.close()
        store = SqliteStore.open(path, World())
    await store.close()


async def test_a_full_disk_refuses_a_job_and_goes_on_later(path: Path) -> None:
    """A new job is refused with a typed error, an end is kept; with room again, the same store takes the next job."""
    with small_disk(path.parent) as disk:
        store = SqliteStore.open(path, World(), vfs=disk.name)
        log = await a_log(store)
        disk.fill()
        with pytest.raises(StoreFull):
            await a_log(store)
        await log.end(EndData(state=State.FAILED))
        disk.room = None
        await a_log(store)
        known = await seen(store)
        assert len(known.records) == 2
        await store.close()
    await (await reopened(path, known)).close()


async def test_a_store_that_stopped_can_be_read(path: Path, files: FaultyFiles) -> None:
    """After a failed sync nothing is written, it says why, and all that was acknowledged is shown as before."""
    store = SqliteStore.open(path, World(), vfs=files.name)
    await some_jobs(store, World(), 3, unfinished=1)
    known = await seen(store)
    files.fault = Fault("sync", 1, file="wal")
    for _ in range(3):
        with pytest.raises(StoreFailed):
            await a_log(store)
    assert store.failure is not None
    assert await compare(store, known) == []
    await store.close()
    store = SqliteStore.open(path, World())
    assert known.records.items() <= (await seen(store)).records.items()
    await store.close()


async def test_yesterdays_store_is_brought_to_todays_form(path: Path) -> None:
    """All that was in it is there, to the byte, and more can be written."""
    store = SqliteStore.open(path, seeded(3))
    await some_jobs(store, seeded(3), 4)
    known = await seen(store)
    await store.close()
    store = SqliteStore(open_database(path, World(), migrations=LATER), World())
    assert await compare(store, known) == []
    await a_job(store, World())
    await store.close()
    database = apsw.Connection(str(path))
    assert database.pragma("user_version") == len(LATER)
    assert database.pragma("integrity_check") == "ok"
    database.close()


async def test_a_store_of_tomorrow_is_refused_untouched(path: Path) -> None:
    """It says which form it has and what to do, and no byte of it is changed; who knows its form opens it as before."""
    store = SqliteStore(open_database(path, World(), migrations=LATER), World())
    await some_jobs(store, World(), 4)
    known = await seen(store)
    await store.close()
    before = files_of(path.parent)
    with pytest.raises(StoreUnusable) as caught:
        SqliteStore.open(path, World())
    assert (caught.value.fault, caught.value.next) == ("newer", "pip install --upgrade queenlib")
    assert files_of(path.parent) == before
    store = SqliteStore(open_database(path, World(), migrations=LATER), World())
    assert await compare(store, known) == []
    await store.close()


@pytest.mark.parametrize("nth", range(1, 30, 4))
async def test_a_change_of_form_that_breaks_off_has_not_begun(path: Path, files: FaultyFiles, nth: int) -> None:
    """It is one step: afterwards the store is as it was, or as it is to be, and both versions' data are all there."""
    store = SqliteStore.open(path, World())
    await some_jobs(store, World(), 3)
    known = await seen(store)
    await store.close()
    fault = files.fault = Fault("any", nth)
    try:
        opened = open_database(path, World(), files.name, LATER)
        files.fault = None
        opened.close()
    except (StoreFailed, StoreUnusable):
        assert fault.happened
    files.fault = None
    store = SqliteStore(open_database(path, World(), migrations=LATER), World())
    assert await compare(store, known) == []
    await store.close()


async def test_many_writers_and_readers_at_once(path: Path) -> None:
    """Each reader sees whole commits: a log without a hole, of a record that is never behind it."""
    store = SqliteStore.open(path, World(), wal_pages=20)
    logs = [await a_log(store) for _ in range(4)]
    done = asyncio.Event()

    async def grow(log: JobLog) -> None:
        for number in range(60):
            await log.write(Log(text=f"{number}"))
            await log.settled()

    async def look(job_id: str) -> None:
        before: JobRecord | None = None
        while not done.is_set():
            record = await store.get(job_id)
            seqs = [event.seq for event in await store.read(job_id, 0, ALL)]
            assert record is not None
            assert seqs == list(range(1, len(seqs) + 1))
            assert (before.last_seq if before else 0) <= record.last_seq <= len(seqs)
            before = record

    readers = [asyncio.create_task(look(log.record.id)) for log in logs]
    await asyncio.gather(*(grow(log) for log in logs))
    done.set()
    await asyncio.gather(*readers)
    await store.close()
