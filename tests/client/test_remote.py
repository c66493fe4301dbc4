"""A queen far away: the same verbs, the same errors, over a real socket."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from queenlib.client.backend import Backend
from queenlib.client.remote import CREATE_TRIES, RemoteQueen
from queenlib.errors import (
    Forbidden,
    InvalidOperation,
    InvalidRequest,
    QueenError,
    QueenUnreachable,
    QueueFull,
    StreamBeyondEnd,
    StreamInterrupted,
    UnknownJob,
)
from queenlib.messages.events import EndEvent, Event, TokenEvent
from queenlib.messages.hive import HiveList
from queenlib.messages.infer import Infer
from queenlib.messages.job import Terms
from queenlib.messages.state import State
from queenlib.registry.memory import MemoryStore
from queenlib.registry.store import Store
from queenlib.world import World
from tests.client.cutting import Wire, wire
from tests.http.served import TOKEN, Served, served


@pytest.fixture
async def queen(tmp_path: Path) -> AsyncIterator[Served]:
    """A queen behind a real socket."""
    async with served(tmp_path) as made:
        yield made


@asynccontextmanager
async def remote(url: str, token: str = TOKEN, **options: Any) -> AsyncIterator[RemoteQueen]:
    """A client that is closed in the end."""
    made = RemoteQueen(url, token, World(), **options)
    try:
        yield made
    finally:
        await made.close()


@pytest.fixture
async def far(queen: Served) -> AsyncIterator[RemoteQueen]:
    """A client of that queen."""
    async with remote(queen.url) as made:
        yield made


async def everything(backend: Backend, job_id: str, after: int = 0) -> list[Event]:
    """A job's events, up to its end."""
    return [event async for event in await backend.execute_job(job_id, after)]


async def test_it_has_the_verbs_of_a_queen(queen: Served, far: RemoteQueen) -> None:
    """Each gives what the queen herself gives."""
    backend: Backend = far
    ticket = await backend.create_job(HiveList())
    assert await everything(backend, ticket.job_id) == await everything(queen.router, ticket.job_id)
    assert await backend.get_job(ticket.job_id) == await queen.router.get_job(ticket.job_id)
    assert await backend.list_jobs() == await queen.router.list_jobs()
    assert await backend.info() == await queen.router.info()
    assert await backend.cancel_job(ticket.job_id) == await queen.router.get_job(ticket.job_id)


async def test_pages_follow_each_other(queen: Served, far: RemoteQueen) -> None:
    """By the cursor that the page before gave."""
    made = [(await far.create_job({"operation": "hive_list"})).job_id for _ in range(5)]
    first = await far.list_jobs(limit=3)
    rest = await far.list_jobs(limit=3, cursor=first.next)
    assert [job.id for job in (*first.jobs, *rest.jobs)] == made[::-1]
    assert rest.next is None


async def test_a_job_may_wait_for_its_stream(far: RemoteQueen) -> None:
    """It is queued until somebody follows it."""
    ticket = await far.create_job(HiveList(), terms=Terms(start="on_stream"))
    assert (await far.get_job(ticket.job_id)).state is State.QUEUED
    assert isinstance((await everything(far, ticket.job_id))[-1], EndEvent)


async def test_text_arrives_unharmed(queen: Served, far: RemoteQueen) -> None:
    """To the last character, however it looks."""
    pieces = ["[DONE]", "\n\nevent: end\n\n", "\r", "\u2028", "<b>", "\0", "👩‍🚀"]
    log = await everything(far, await queen.run(pieces))
    assert "".join(event.data.text for event in log if isinstance(event, TokenEvent)) == "".join(pieces)


async def refusal(backend: Backend, verb: str, *args: Any) -> QueenError:
    """What a verb is refused with, by the await itself."""
    with pytest.raises(QueenError) as refused:
        await getattr(backend, verb)(*args)
    return refused.value


@pytest.mark.parametrize(
    ("verb", "args", "kind"),
    [
        ("create_job", ({"operation": "hive_lst"},), InvalidOperation),
        ("create_job", ({"operation": "infer", "prompt": "x", "seed": -1, "nothing": 1},), InvalidOperation),
        ("create_job", ({"operation": "infer", "prompt": "\ud800"},), InvalidOperation),
        ("get_job", ("job-nosuchjob000",), UnknownJob),
        ("cancel_job", ("job-nosuchjob000",), UnknownJob),
        ("execute_job", ("job-nosuchjob000",), UnknownJob),
        ("get_job", ("..",), UnknownJob),
        ("get_job", ("",), UnknownJob),
        ("get_job", ("a/b?c#d",), UnknownJob),
        ("execute_job", ("é" * 100,), UnknownJob),
    ],
)
async def test_refusals_are_the_same_near_and_far(
    queen: Served, far: RemoteQueen, verb: str, args: tuple[Any, ...], kind: type[QueenError]
) -> None:
    """The same class with the same words, before anything is iterated."""
    errors = [await refusal(backend, verb, *args) for backend in (queen.router, far)]
    assert [type(error) for error in errors] == [kind, kind]
    assert errors[0].what == errors[1].what
    assert errors[0].fields == errors[1].fields


async def test_a_cursor_beyond_the_end(queen: Served, far: RemoteQueen) -> None:
    """It is refused with the last number; the very end is an empty stream."""
    job_id = await queen.run(["a"])
    last = (await everything(far, job_id))[-1].seq
    assert await everything(far, job_id, last) == []
    error = await refusal(far, "execute_job", job_id, last + 1)
    assert isinstance(error, StreamBeyondEnd)
    assert error.last_seq == last


async def test_a_full_queen_says_when_to_come_again(queen: Served, far: RemoteQueen) -> None:
    """One that is being closed takes nothing more, and her refusal keeps its fields."""
    await queen.router.close()
    error = await refusal(far, "create_job", HiveList())
    assert isinstance(error, QueueFull)
    assert error.retry_after_s > 0


async def test_leaving_a_stream_is_not_cancelling(queen: Served, far: RemoteQueen) -> None:
    """The line is let go of, and the job goes on."""
    gate = asyncio.Event()
    job_id = await queen.run(["a"], gate)
    async with aclosing(cast("Any", await far.execute_job(job_id))) as events:
        async for event in events:
            if event.seq == 2:
                break
    assert (await far.get_job(job_id)).state is State.RUNNING
    gate.set()
    assert isinstance((await everything(far, job_id))[-1], EndEvent)


async def test_cancelling_waits_for_the_end(queen: Served) -> None:
    """However long that takes: silence on that line is no reason to give up."""
    async with remote(queen.url, silence_s=0.05) as far:
        job_id = await queen.run(["a"], asyncio.Event())
        assert (await far.cancel_job(job_id)).state is State.CANCELLED


async def test_a_wrong_token_is_forbidden(queen: Served) -> None:
    """By every verb, and it is nowhere in the error or the repr."""
    async with remote(queen.url, "some-wrong-token") as far:
        for verb, args in (
            ("create_job", (HiveList(),)),
            ("execute_job", ("job-1",)),
            ("get_job", ("job-1",)),
            ("info", ()),
        ):
            error = await refusal(far, verb, *args)
            assert isinstance(error, Forbidden)
            assert "some-wrong-token" not in f"{error!r} {error} {error.problem()} {far!r}"


@pytest.fixture
async def unused() -> str:
    """An address at which nothing listens."""
    async with wire() as gone:
        return f"http://127.0.0.1:{gone.port}"


async def test_nobody_there(unused: str) -> None:
    """It is said at once, by every verb, and a stream is not waited for that never was."""
    async with remote(unused) as far:
        for verb, args in (("create_job", (HiveList(),)), ("execute_job", ("job-1",)), ("cancel_job", ("job-1",))):
            error = await refusal(far, verb, *args)
            assert isinstance(error, QueenUnreachable)
            assert unused in error.what
            assert TOKEN not in str(error)


async def test_a_stranger_there(unused: str) -> None:
    """Something else that speaks HTTP is told apart, whatever it says."""
    bodies = [
        b"HTTP/1.1 200 OK\r\ncontent-length: 15\r\n\r\n<html>hi</html>",
        b"HTTP/1.1 500 No\r\ncontent-length: 2\r\n\r\n[]",
        b'HTTP/1.1 404 No\r\ncontent-length: 14\r\n\r\n{"problem": 3}',
        b"HTTP/1.1 302 Found\r\nlocation: http://evil.example/\r\ncontent-length: 0\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"",
    ]
    seen: list[bytes] = []

    async def stranger(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(body)
        writer.close()

    async with await asyncio.start_server(stranger, "127.0.0.1", int(unused.rpartition(":")[2])), remote(unused) as far:
        for body in bodies:
            for verb, args in (("get_job", ("job-1",)), ("execute_job", ("job-1",)), ("info", ())):
                assert isinstance(await refusal(far, verb, *args), QueenUnreachable), (body, verb)
    again = 3  # where a line broke without a word, what can be asked twice is
    assert len(seen) == 3 * len(bodies) + again


async def test_a_lost_answer_to_create_says_so(queen: Served) -> None:
    """Where every answer is lost, whether the job was made cannot be known, and the error does not pretend."""
    async with wire(*[0] * CREATE_TRIES) as line, remote(f"http://127.0.0.1:{line.port}") as far:
        line.lead_to(queen.url)
        error = await refusal(far, "create_job", HiveList())
    assert isinstance(error, QueenUnreachable)
    assert "cannot be known" in error.state
    assert line.connections == CREATE_TRIES


async def test_a_lost_answer_to_create_makes_no_second_job(tmp_path: Path) -> None:
    """The call comes back with its own key, until an answer comes through; there is one job."""
    async with behind_a_wire(tmp_path, 0, 10, 100) as (queen, line, far):
        ticket = await far.create_job(HiveList())
        assert line.connections == 4
        assert [job.id for job in (await queen.router.list_jobs()).jobs] == [ticket.job_id]


@asynccontextmanager
async def behind_a_wire(
    home: Path, *cuts: int, store: Store | None = None, **options: Any
) -> AsyncIterator[tuple[Served, Wire, RemoteQueen]]:
    """A queen and a client with a wire between them that is cut."""
    async with wire(*cuts) as line:
        address = f"127.0.0.1:{line.port}"
        async with served(home, store, names=[address], beat_s=0.1) as queen, remote(f"http://{address}", **options) as far:
            line.lead_to(queen.url)
            yield queen, line, far


async def test_an_answer_takes_two_requests_on_one_connection(tmp_path: Path) -> None:
    """One makes the job and gives it, one follows it to its end and leaves the line as it was."""
    async with behind_a_wire(tmp_path, store=MemoryStore()) as (_, line, far):
        for _ in range(3):
            made = await far.create_job(Infer(prompt="x", model="sim:words?tokens=2"))
            assert made.job.id == made.job_id
            log = [event async for event in await far.execute_job(made.job_id, 0, made.job.epoch, every_s=0.25)]
            assert [event.seq for event in log] == list(range(1, len(log) + 1))
        assert [asked.split("/")[0] for asked in line.asked] == ["POST ", "GET "] * 3
        assert [asked.endswith("/stream?every_ms=250 HTTP/1.1") for asked in line.asked] == [False, True] * 3
        assert line.connections == 1


async def test_a_broken_line_is_made_again(tmp_path: Path) -> None:
    """Cut in the middle of events, again and again, each event still comes once."""
    async with behind_a_wire(tmp_path, 700, 1000, 1300, 500, store=MemoryStore()) as (queen, line, far):
        job_id = await queen.run([f"{n} " for n in range(50)])
        expected = await everything(queen.router, job_id)
        assert await everything(far, job_id) == expected
        assert line.connections == 5


async def test_silence_is_a_broken_line(tmp_path: Path) -> None:
    """A line on which not even a heartbeat comes is left, and the stream goes on with a new one."""
    async with behind_a_wire(tmp_path, silence_s=1.0) as (queen, line, far):
        gate = asyncio.Event()
        job_id = await queen.run(["a"], gate)
        events = await far.execute_job(job_id)
        assert (await anext(events)).seq == 1
        line.silent = line.connections
        rest = asyncio.create_task(_drain(events))
        async with asyncio.timeout(30):
            while line.connections == line.silent:
                await asyncio.sleep(0.01)
            gate.set()
            log = await rest
        assert isinstance(log[-1], EndEvent)
        assert [event.seq for event in log] == list(range(2, len(log) + 2))
        assert line.connections == line.silent + 1


async def _drain(events: AsyncIterator[Event]) -> list[Event]:
    return [event async for event in events]


async def test_heartbeats_keep_a_quiet_line(tmp_path: Path) -> None:
    """A job that says nothing for longer than a silence may be is not asked for again."""
    async with behind_a_wire(tmp_path, silence_s=1.0) as (queen, line, far):
        gate = asyncio.Event()
        job_id = await queen.run(["a"], gate)
        rest = asyncio.create_task(everything(far, job_id))
        await asyncio.sleep(2.0)
        gate.set()
        assert isinstance((await rest)[-1], EndEvent)
        assert line.connections == 1


class Hasty(World):
    """A world in which every wait is over at once."""

    async def sleep(self, seconds: float) -> None:
        """It is over."""


async def test_a_queen_that_is_gone_for_good(tmp_path: Path) -> None:
    """The error carries the last event that was seen."""
    async with served(tmp_path) as queen:
        far = RemoteQueen(queen.url, TOKEN, Hasty())
        job_id = await queen.run(["a"], asyncio.Event())
        events = await far.execute_job(job_id)
        seen = [await anext(events) for _ in range(3)]
    with pytest.raises(StreamInterrupted) as broken:
        await _drain(events)
    assert broken.value.last_seq == seen[-1].seq
    await far.close()


async def test_closing_lets_go_of_every_line(queen: Served) -> None:
    """Even of a stream that nobody read."""
    job_id = await queen.run(["a"], asyncio.Event())
    tasks = len(asyncio.all_tasks())
    async with remote(queen.url) as far:
        streams = [await far.execute_job(job_id) for _ in range(5)]
        assert len(asyncio.all_tasks()) > tasks
    async with asyncio.timeout(30):
        while len(asyncio.all_tasks()) > tasks:
            await asyncio.sleep(0.01)
    del streams


async def test_a_closed_handle_says_so(queen: Served) -> None:
    """At once: to who reads a stream, and to who asks something new."""
    job_id = await queen.run(["a"], asyncio.Event())
    async with remote(queen.url) as far:
        events = await far.execute_job(job_id)
        reading = asyncio.create_task(_drain(events))
        await asyncio.sleep(0.1)
    with pytest.raises(StreamInterrupted) as broken:
        await reading
    assert broken.value.last_seq > 0
    assert isinstance(await refusal(far, "info"), QueenUnreachable)
    assert isinstance(await refusal(far, "execute_job", job_id), StreamInterrupted)


@pytest.mark.parametrize(
    "url",
    [
        "", "127.0.0.1:8000", "ftp://127.0.0.1", "http://", "http://user:secret@127.0.0.1:8000", "http://127.0.0.1:8000/v1",
        "http://127.0.0.1:8000?token=secret", "http://127.0.0.1:8000#x", "http://127.0.0.1:port", "http://a b",
    ],
)  # fmt: skip
def test_what_is_no_address(url: str) -> None:
    """It is refused at once, without a word of what may be secret in it."""
    with pytest.raises(InvalidRequest, match="no address of a queen") as refused:
        RemoteQueen(url, TOKEN, World())
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("token", ["", "a\nb", "a\r\nX-Evil: 1", "é"])
def test_what_is_no_token(token: str) -> None:
    """It never becomes a header."""
    with pytest.raises(InvalidRequest, match="token"):
        RemoteQueen("http://127.0.0.1:8000", token, World())


async def test_settings_for_proxies_are_not_followed(queen: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """The token goes to the queen and to nobody on the way."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert os.environ["http_proxy"]
    async with remote(queen.url) as far:
        assert (await far.info()).pid == os.getpid()
