"""The disk, the clock and the database fail under a queen: who reads is told, each job has its end, and none is made up."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import apsw
import pytest

from queenlib import Queen
from queenlib.client.job import Job
from queenlib.client.reign import Address
from queenlib.errors import QueenError, StoreBusy, StoreFailed, StoreFull, StoreUnusable
from queenlib.home import Home
from queenlib.messages.events import AttemptEvent, EndData, EndEvent, Event, Log, TokenEvent
from queenlib.messages.infer import Infer
from queenlib.messages.job import USUAL
from queenlib.messages.state import State
from queenlib.registry.log import JobLog
from queenlib.registry.sqlite.schema import VERSION
from queenlib.registry.sqlite.store import SqliteStore
from queenlib.registry.sqlite.writer import Waits
from queenlib.world import World
from tests.http.served import served
from tests.registry.sqlite.deeds import locked
from tests.registry.sqlite.faulty import Fault, FaultyFiles, faulty
from tests.registry.sqlite.small_disk import small_disk
from tests.registry.sqlite.written import files_of

ENDLESS = "sim:words?tokens=100000&tokens_per_s=300"
SHORT = "sim:words?tokens=30&tokens_per_s=300"
CANARY = "a-word-that-no-other-job-has"
NEVER = 10**9


@contextmanager
def faulty_disk() -> Iterator[FaultyFiles]:
    """Whatever database is opened meanwhile is reached through these files."""
    with faulty() as files:
        default = apsw.VFS(f"{files.name}-for-all", files.name, True)
        try:
            yield files
        finally:
            default.unregister()


@asynccontextmanager
async def near_and_far(home: Path, **how: Any) -> AsyncIterator[tuple[Queen, Queen]]:
    """A queen in this process, and a handle on her through HTTP."""
    async with Queen(home, **how) as queen:
        while (address := Address.read(Home.open(home))) is None:
            await asyncio.sleep(0.005)
        async with Queen.connect(address.url, token_file=Home.open(home).token_file) as far:
            yield queen, far


async def begun(queen: Queen, model: str = ENDLESS) -> tuple[Job[Any], list[asyncio.Task[list[Event]]]]:
    """A job that generates, and two who read along from its beginning."""
    job = queen.infer("x", model=model, max_tokens=4_000)
    async for event in job:
        if isinstance(event, TokenEvent):
            break
    return job, [asyncio.create_task(read(queen, job.id)) for _ in range(2)]


async def read(queen: Queen, job_id: str) -> list[Event]:
    """A whole log."""
    return [event async for event in queen.jobs.stream(job_id)]


async def note(queen: Queen, job_id: str, came: list[int]) -> None:
    """Note the number of each event of a log as it comes."""
    async for event in queen.jobs.stream(job_id):
        came += [event.seq]


def whole(log: list[Event]) -> list[Event]:
    """A log, if it has dense numbers and one end, which is its last."""
    assert [event.seq for event in log] == list(range(1, len(log) + 1))
    assert [event for event in log if isinstance(event, EndEvent)] == log[-1:]
    return log


async def refused(queen: Queen, kind: type[QueenError]) -> QueenError:
    """The error with which a new job is refused."""
    with pytest.raises(QueenError) as caught:
        await queen.jobs.create({"operation": "hive_list"})
    assert type(caught.value) is kind
    assert all((caught.value.what, caught.value.why, caught.value.state, caught.value.next))
    return caught.value


async def test_a_full_disk_ends_what_runs_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    """A job at work ends as failed, its readers have its end, a new one is refused; with room, all is as before."""
    with small_disk(tmp_path, default=True) as disk:
        async with near_and_far(tmp_path) as (queen, far):
            before = await queen.infer("x", model=SHORT)
            job, readers = await begun(queen)
            disk.fill()
            with pytest.raises(StoreFull) as caught:
                await job
            logs = [whole(log) for log in await asyncio.gather(*readers, read(far, job.id))]
            assert logs[0] == logs[1] == logs[2]
            assert (logs[0][-1].data.state, logs[0][-1].data.reason) == (State.FAILED, "store_full")
            assert caught.value.job_id == job.id
            for each in (queen, far):
                assert (await refused(each, StoreFull)).free > 0
            disk.room = None
            assert (await far.infer("x", model=SHORT)).usage.completion_tokens == 30
            listed = [record.id for record in (await queen.jobs.list()).jobs if record.operation == "infer"]
            assert listed[1:] == [job.id, before.job_id]
        async with Queen(tmp_path) as queen:
            assert await read(queen, job.id) == logs[0]


@pytest.mark.parametrize(("call", "file"), [("sync", "wal"), ("write", "wal")])
async def test_an_error_of_the_disk_stops_all_writing_and_tells_all_readers(tmp_path: Path, call: str, file: str) -> None:
    """Nobody hangs and nothing more is acknowledged; the next queen reads what is there, and has each job's end."""
    with faulty_disk() as files:
        async with near_and_far(tmp_path) as (queen, far):
            done = queen.infer("x", model=SHORT)
            await done
            log = await read(queen, done.id)
            job, readers = await begun(queen)
            far_reader = asyncio.create_task(read(far, job.id))
            shown = (await queen.jobs.get(job.id)).last_seq
            files.fault = Fault(call, 1, file=file)
            told = await asyncio.gather(*readers, far_reader, job.result(), return_exceptions=True)
            assert [type(each) for each in told] == [StoreFailed] * 4
            for each in (queen, far):
                with pytest.raises(StoreFailed):
                    await each.jobs.cancel(job.id)
            files.fault = Fault("any", NEVER)
            for each in (queen, far):
                await refused(each, StoreFailed)
                assert await read(each, done.id) == log
            assert files.fault.met == 0, "it was tried again"
    async with Queen(tmp_path) as queen:
        assert await read(queen, done.id) == log
        ended = whole(await read(queen, job.id))
        assert (ended[-1].data.state, len(ended) > shown) == (State.LOST, True)
        assert (await queen.infer("x", model=SHORT)).usage.completion_tokens == 30


async def test_a_damaged_log_is_told_to_its_reader_alone(tmp_path: Path) -> None:
    """Its own reader gets the typed error, near and far, and never a wrong event; other jobs are as they were."""
    async with Queen(tmp_path) as queen:
        well = queen.infer("x", model="sim:echo?text=well")
        await well
        hurt = queen.infer("x", model=f"sim:echo?text={CANARY}")
        await hurt
        log = await read(queen, well.id)
    path = tmp_path / "jobs.db"
    data = path.read_bytes()
    path.write_bytes(data.replace(CANARY[-9:].encode(), CANARY[-9:].upper().encode()))
    async with near_and_far(tmp_path) as (queen, far):
        for each in (queen, far):
            with pytest.raises(StoreUnusable) as caught:
                await read(each, hurt.id)
            assert (caught.value.fault, "queenlib salvage" in caught.value.next) == ("damaged", True)
            assert await read(each, well.id) == log
        assert (await far.infer("x", model=SHORT)).usage.completion_tokens == 30


async def test_damage_in_the_middle_of_a_log_is_told_near_and_far(tmp_path: Path) -> None:
    """Its readers get what comes before it, each event once, and then the typed error; no line is tried again for long."""
    store = SqliteStore.open(tmp_path / "jobs.db", World())
    log = JobLog.new(Infer(prompt="x", model="m"), USUAL, store, World())
    await log.create()
    for number in range(2_000):
        await log.write(Log(text=f"line {number}." if number != 1_500 else CANARY))
    await log.end(EndData(state=State.FAILED))
    await store.close()
    path = tmp_path / "jobs.db"
    path.write_bytes(path.read_bytes().replace(CANARY.encode(), CANARY.upper().encode()))
    async with near_and_far(tmp_path) as (queen, far):
        for each in (queen, far):
            came: list[int] = []
            with pytest.raises(StoreUnusable) as caught:
                await note(each, log.record.id, came)
            assert caught.value.fault == "damaged"
            assert came == list(range(1, len(came) + 1))
            assert 500 < len(came) < 1_502


def _no_head(path: Path) -> None:
    path.write_bytes(bytes(100) + path.read_bytes()[100:])


def _older(path: Path) -> None:
    path.write_bytes(path.with_name("older").read_bytes())


def _of_tomorrow(path: Path) -> None:
    database = apsw.Connection(str(path))
    database.pragma("user_version", VERSION + 1)
    database.close()


@pytest.mark.parametrize(("harm", "fault"), [(_no_head, "damaged"), (_older, "behind"), (_of_tomorrow, "newer")])
async def test_a_home_that_cannot_be_used_has_no_queen(tmp_path: Path, harm: Any, fault: str) -> None:
    """Damaged, set back, or of a later version: she does not begin, says what to do, and changes nothing."""
    for _ in range(2):
        async with Queen(tmp_path) as queen:
            await queen.infer("x", model=SHORT)
        if not (tmp_path / "older").exists():
            (tmp_path / "older").write_bytes((tmp_path / "jobs.db").read_bytes())
    harm(tmp_path / "jobs.db")
    before = files_of(tmp_path)
    for _ in range(2):
        with pytest.raises(StoreUnusable) as caught:
            Queen(tmp_path)
        assert (caught.value.fault, bool(caught.value.next)) == (fault, True)
    assert files_of(tmp_path) == before


@dataclass(frozen=True)
class Jumping(World):
    """A world whose date jumps, and whose seconds do not."""

    jump: list[timedelta] = field(default_factory=lambda: [timedelta()])

    def now(self) -> Any:
        """The date, which is somewhere else after each jump."""
        return super().now() + self.jump[-1]


@pytest.mark.parametrize("days", [400, -1, -4000])
async def test_a_clock_that_jumps_changes_nothing_but_times(tmp_path: Path, days: int) -> None:
    """In the middle of an answer: no deadline passes, no event is out of order, and the newest job is the last made."""
    world = Jumping(random.SystemRandom())
    async with Queen(tmp_path, world=world) as queen:
        first = queen.infer("x", model="sim:words?tokens=60&tokens_per_s=200")
        async for event in first:
            if isinstance(event, TokenEvent):
                break
        world.jump.append(timedelta(days=days))
        assert (await first).usage.completion_tokens == 60
        log = whole(await read(queen, first.id))
        assert abs((log[-1].at - log[0].at) - timedelta(days=days)) < timedelta(hours=1)
        last = queen.infer("x", model=SHORT)
        await last
        assert [job.id for job in (await queen.jobs.list()).jobs] == [last.id, first.id]
    world.jump.append(timedelta())
    async with Queen(tmp_path, world=world) as queen:
        assert await read(queen, first.id) == log
        assert [job.id for job in (await queen.jobs.list()).jobs] == [last.id, first.id]
        assert not [event for event in log if isinstance(event, AttemptEvent)]


async def test_a_lock_that_goes_costs_nothing(tmp_path: Path) -> None:
    """While another program has the database, jobs wait; when it lets go, no event and no job is missing or there twice."""
    async with Queen(tmp_path) as queen:
        job, readers = await begun(queen, "sim:words?tokens=60&tokens_per_s=200")
        with locked(tmp_path / "jobs.db") as free:
            late = asyncio.create_task(queen.jobs.create({"operation": "infer", "prompt": "x", "model": SHORT}))
            with pytest.raises(TimeoutError):  # the answer would have come
                await job.result(timeout=0.5)
            assert not late.done()
            free()
        assert (await job).usage.completion_tokens == 60
        for log in await asyncio.gather(*readers):
            assert sum(len(event.data.cuts) for event in whole(log) if isinstance(event, TokenEvent)) == 60
        assert (await (await late)).usage.completion_tokens == 30
        assert len([each for each in (await queen.jobs.list()).jobs if each.operation == "infer"]) == 2


async def test_a_lock_that_stays_is_told_over_http(tmp_path: Path) -> None:
    """A new job is refused with 503, and none is made; a job at work waits on, and is whole when the lock is gone."""
    home = Home.open(tmp_path)
    store = SqliteStore.open(home.store, World(), waits=Waits(once_s=0.05, in_all_s=60))
    async with served(tmp_path, store) as queen:
        gate = asyncio.Event()
        job_id = await queen.run(["a", "b", "c"], gate)
        with locked(home.store) as free:
            answer = await queen.post({"operation": "hive_list"})
            assert (answer.status, answer.json["problem"]["kind"]) == (503, StoreBusy.__name__)
            gate.set()
            assert (await queen.ask(f"/v1/jobs/{job_id}")).status == 200
            free()
        log = [event async for event in await queen.router.execute_job(job_id)]
        assert whole(log)[-1].data.state is State.SUCCEEDED
        assert [job.id for job in (await queen.router.list_jobs()).jobs] == [job_id]


@pytest.mark.parametrize("room", [True, False])
async def test_a_full_disk_is_told_over_http(tmp_path: Path, room: bool) -> None:
    """A new job is refused with 507 as long as it is full, and is created as soon as it is not."""
    with small_disk(tmp_path) as disk:
        store = SqliteStore.open(Home.open(tmp_path).store, World(), vfs=disk.name)
        async with served(tmp_path, store) as queen:
            disk.fill()
            answers = [await queen.post({"operation": "hive_list"}) for _ in range(3)]
            assert [(each.status, each.json["problem"]["kind"]) for each in answers] == [(507, "StoreFull")] * 3
            disk.room = None if room else disk.room
            assert (await queen.post({"operation": "hive_list"})).status == (201 if room else 507)
            disk.room = None


@pytest.mark.parametrize("replaced", [True, False], ids=["replaced", "removed"])
async def test_a_database_that_vanishes_under_a_queen_is_told(tmp_path: Path, replaced: bool) -> None:
    """All who read are told and nothing is acknowledged; what lies there now is not touched, not even when she is closed."""
    path, foreign = tmp_path / "jobs.db", b"somebody else's" * 1000
    async with near_and_far(tmp_path) as (queen, far):
        job, readers = await begun(queen)
        path.rename(tmp_path / "away")
        if replaced:
            path.write_bytes(foreign)
        told = await asyncio.gather(*readers, read(far, job.id), job.result(), return_exceptions=True)
        assert [type(each) for each in told] == [StoreFailed] * 4
        for each in (queen, far):
            await refused(each, StoreFailed)
    assert (path.read_bytes() if path.exists() else None) == (foreign if replaced else None)
    path.unlink(missing_ok=True)
    (tmp_path / "away").rename(path)
    async with Queen(tmp_path) as queen:
        assert whole(await read(queen, job.id))[-1].data.state is State.LOST
