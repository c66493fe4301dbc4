"""Who the queen of a home is, and who is next: whatever the one before left behind, and whoever gives up in between."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from queenlib.client.reign import Address, Reign, Rule
from queenlib.client.seat import Seat
from queenlib.client.succession import Succession
from queenlib.errors import HomeTaken, QueenError, QueenUnreachable, StoreFailed, StoreUnusable, StreamInterrupted
from queenlib.file_lock import FileLock
from queenlib.home import Home
from queenlib.http.serve import serving
from queenlib.messages.events import EndEvent, Event, Token, Yielded
from queenlib.messages.hive import HiveList
from queenlib.messages.infer import Infer
from queenlib.messages.job import Terms
from queenlib.messages.state import State
from queenlib.registry.memory import Memory, MemoryStore
from queenlib.registry.store import Store
from queenlib.router import Router
from queenlib.state import QueenState
from queenlib.version import __version__
from queenlib.world import World
from tests.registry.stores import FullStore


class Quick(World):
    """A world in which nobody waits long before looking again."""

    async def sleep(self, seconds: float) -> None:
        """For a moment."""
        await super().sleep(min(seconds, 0.02))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home that nobody has."""
    return Home.open(tmp_path)


def lock_of(home: Home) -> FileLock:
    """The lock of a home, taken."""
    lock = FileLock(home.store.with_suffix(".lock"))
    assert lock.try_take()
    return lock


@asynccontextmanager
async def seated(home: Home, join_s: float = 20.0) -> AsyncIterator[Seat]:
    """One who has taken the home, or joined who has it."""
    seat = await Seat.take(home, Quick(), Rule(), join_s)
    try:
        yield seat
    finally:
        await seat.close()


@asynccontextmanager
async def reigning(home: Home) -> AsyncIterator[Reign]:
    """A queen who has the home and listens."""
    reign = await Reign.begin(home, World(), Rule())
    try:
        await reign.listen()
        yield reign
    finally:
        await reign.close()


@asynccontextmanager
async def held(home: Home, store: Store) -> AsyncIterator[Router]:
    """A queen who has the home, on a store of this kind."""
    lock = lock_of(home)
    router = Router(QueenState.open(home, store=store))
    try:
        async with serving(router, home.token(World())) as url:
            Address(url, 1, __version__).write(home, World())
            yield router
    finally:
        home.address_file.unlink(missing_ok=True)
        await router.close()
        lock.release()


async def busy(router: Router, gate: asyncio.Event) -> str:
    """A job that says something and then works until the gate is open."""

    async def work() -> AsyncIterator[Yielded]:
        yield Token(text="begun", dt_ms=1.0)
        await gate.wait()
        for n in range(50):
            yield Token(text=str(n), dt_ms=1.0)
            await asyncio.sleep(0.002)

    return await router._state.registry.create(Infer(prompt="x"), cast("Any", work))


async def no_tasks_but(before: set[asyncio.Task[Any]]) -> bool:
    """Whether nothing else goes on any more, at the latest in a while."""
    async with asyncio.timeout(20):
        while asyncio.all_tasks() - before:
            await asyncio.sleep(0.01)
    return True


async def test_a_free_home_is_taken_and_a_held_one_joined(home: Home) -> None:
    """The first one reigns, the second one says where; closed the other way round, nothing is left."""
    before = asyncio.all_tasks()
    async with seated(home) as first:
        assert (first.joined, first.router is None) == (None, False)
        async with seated(home) as second:
            assert (second.joined, second.router) == (Address.read(home), None)
            ticket = await second.create_job(HiveList())
            assert (await first.get_job(ticket.job_id)).id == ticket.job_id
    assert await no_tasks_but(before)


@pytest.mark.parametrize("said", [None, b"", b"nonsense", b'{"url": "nonsense", "pid": 1, "version": "1"}'])
async def test_a_stale_address_is_no_trap(home: Home, said: bytes | None) -> None:
    """Whatever a dead queen or somebody else left in the file: a free home is taken, a held one is an error in time."""
    with socket.create_server(("127.0.0.1", 0)) as stranger:  # takes connections, and never says a word
        stale = json.dumps({"url": f"http://127.0.0.1:{stranger.getsockname()[1]}", "pid": 1, "version": "1"}).encode()
        home.address_file.write_bytes(said or stale)
        async with seated(home) as seat:
            assert seat.router is not None
        home.token(World())
        home.address_file.write_bytes(said or stale)
        lock = lock_of(home)
        with pytest.raises(HomeTaken) as caught:
            await Seat.take(home, Quick(), Rule(), join_s=0.2)
        assert all((caught.value.what, caught.value.why, caught.value.state, caught.value.next))
        lock.release()
        async with seated(home) as seat:
            assert seat.router is not None


async def test_a_queen_may_take_her_time_to_listen(home: Home) -> None:
    """One who has the home and is not there yet is waited for; without her token nobody can ask her."""
    lock = lock_of(home)
    taking = asyncio.create_task(Seat.take(home, Quick(), Rule()))
    await asyncio.sleep(0.1)
    assert not taking.done()
    lock.release()
    seat = await taking
    assert seat.router is not None
    await seat.close()


async def test_taking_a_home_is_not_bounded_by_the_time_to_join(home: Home) -> None:
    """Who has to see to many jobs of the queen before takes as long as that takes."""
    async with seated(home, join_s=0.0) as seat:
        assert seat.router is not None


async def test_who_gives_up_waiting_leaves_no_home_half_taken(home: Home) -> None:
    """A call that is cancelled while the home is taken over does not stop that, nor end a job: another attempt runs."""
    memory = Memory()
    async with reigning(home) as first, seated(home) as seat:
        ticket = await first.router.create_job(Infer(prompt="x", model="sim:echo"), terms=Terms(start="on_stream"))
        before = seat._succession.queen
        closing = asyncio.create_task(first.close())
        asking = asyncio.create_task(seat._succession.find(before))
        while seat._succession._finding is None:
            await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait({asking})
        await closing
        async with asyncio.timeout(20):
            while seat.router is None:
                await asyncio.sleep(0.01)
        assert (await seat.get_job(ticket.job_id)).state is State.FAILED
    assert memory.epoch == 0


async def test_one_who_looks_for_a_queen_can_be_closed(home: Home) -> None:
    """At once, though the time to join is long; whoever waited is told, nothing goes on, and the home is not taken later."""
    before = asyncio.all_tasks()
    lock = lock_of(home)
    succession = Succession(home, Quick(), Rule(), 60.0)
    finding = asyncio.create_task(succession.find(None))
    await asyncio.sleep(0.1)
    await succession.close()
    await asyncio.wait({finding})
    assert finding.cancelled()
    lock.release()
    assert await no_tasks_but(before)
    assert succession.reign is None


async def test_a_closed_client_does_not_come_back(home: Home) -> None:
    """Who still reads or asks when a client is closed gets a typed error; it neither joins again nor takes the home."""
    async with reigning(home) as first:
        seat = await Seat.take(home, Quick(), Rule())
        gate = asyncio.Event()
        events = await seat.execute_job(await busy(first.router, gate))
        await anext(events)
        reading = asyncio.create_task(_rest(events))
        await asyncio.sleep(0.05)
        await seat.close()
        with pytest.raises(StreamInterrupted):
            await reading
        with pytest.raises(QueenUnreachable):
            await seat.info()
        gate.set()
    await asyncio.sleep(0.1)
    assert seat.router is None
    lock_of(home).release()


async def test_a_home_that_cannot_be_taken_over_is_told_to_who_asks(home: Home) -> None:
    """The store is damaged when its queen dies: the client's next call says so, again and again, and it can be closed."""
    before = asyncio.all_tasks()
    async with reigning(home) as first:
        seat = await Seat.take(home, Quick(), Rule())
        await first.close()
        if seat.router is None:
            home.store.write_bytes(b"somebody's own file" * 100)
            for _ in range(2):
                with pytest.raises(StoreUnusable):
                    await seat.list_jobs()
            await asyncio.sleep(0.1)
        await seat.close()
    assert await no_tasks_but(before)


async def test_streams_move_when_the_watch_takes_over(home: Home) -> None:
    """Though nobody asks: the reader of a stream hears its end from the new queen, each event once."""
    async with reigning(home) as first, seated(home) as seat:
        job_id = await busy(first.router, asyncio.Event())
        streams = [await seat.execute_job(job_id) for _ in range(5)]
        reading = [asyncio.create_task(_rest(events)) for events in streams]
        await asyncio.sleep(0.05)
        await first.close()
        logs = await asyncio.gather(*reading)
        async with asyncio.timeout(20):
            while seat.router is None:
                await asyncio.sleep(0.01)
        whole = [event.line async for event in await seat.execute_job(job_id)]
        assert all([event.line for event in log] == whole for log in logs)
        assert isinstance(logs[0][-1], EndEvent)


async def test_a_stream_that_has_nothing_more_ends(home: Home) -> None:
    """Who has all of a job's events gets none, and no error."""
    async with reigning(home) as first, seated(home) as seat:
        ticket = await first.router.create_job(HiveList())
        log = await _rest(await seat.execute_job(ticket.job_id))
        assert await _rest(await seat.execute_job(ticket.job_id, len(log))) == []


async def test_what_the_queen_refuses_is_refused(home: Home) -> None:
    """A queen who is there and cannot keep a new job says so to her client at once, as she would near."""
    async with held(home, FullStore(0)), seated(home) as seat:
        with pytest.raises(StoreFailed):
            await seat.create_job(HiveList())


async def test_a_stream_that_breaks_again_and_again_is_told(home: Home) -> None:
    """A queen who is there and cannot go on with a job is not asked for ever."""
    async with held(home, FullStore(3)) as router, seated(home) as seat:
        gate = asyncio.Event()
        gate.set()
        job_id = await busy(router, gate)
        with pytest.raises((StreamInterrupted, StoreFailed)):
            await _rest(await seat.execute_job(job_id))


async def test_a_queen_of_another_version_is_told(home: Home) -> None:
    """One who answers something that this version cannot read is not asked for ever."""
    async with held(home, MemoryStore()) as router:
        info = (await router.info()).model_dump_json().encode()
    asked: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).split()[1])
        body = info if asked[-1] == b"/v1/info" else b'{"new": 1}'
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%s" % (len(body), body))
        writer.close()

    lock = lock_of(home)
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as listener:
        port = listener.sockets[0].getsockname()[1]
        Address(f"http://127.0.0.1:{port}", 1, "9.9.9").write(home, World())
        async with seated(home) as seat:
            with pytest.raises(QueenUnreachable, match="another version"):
                await seat.get_job("job-1")
    lock.release()
    assert asked.count(b"/v1/jobs/job-1") < 5


async def _rest(events: AsyncIterator[Event]) -> list[Event]:
    async with aclosing(cast("Any", events)):
        return [event async for event in events]


async def test_a_cancel_is_asked_for_again_at_the_next_queen(home: Home) -> None:
    """One that was under way when the queen was closed returns with the job's end."""
    async with reigning(home) as first, seated(home) as seat:
        job_id = await busy(first.router, asyncio.Event())
        cancelling = asyncio.create_task(seat.cancel_job(job_id))
        await first.close()
        try:
            assert (await cancelling).state.ended
        except QueenError as error:  # pragma: no cover - told below
            raise AssertionError(error.problem()) from error


async def test_who_is_being_started_is_not_forestalled(home: Home) -> None:
    """While somebody starts a queen for the home, nobody takes it; if that came to nothing, it is free."""
    starting = FileLock(home.start_lock_file)
    assert starting.try_take()
    with pytest.raises(HomeTaken):
        await Seat.take(home, Quick(), Rule(), 0.2)
    starting.release()
    async with seated(home) as seat:
        assert seat.router is not None
