"""A job's stream, read byte by byte from a socket."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import psutil
import pytest

from queenlib.messages.events import EVENT, EndEvent, Event, StateData, StateEvent, TokenEvent, Yielded
from queenlib.messages.events import Log as Line
from queenlib.messages.infer import Infer
from queenlib.messages.state import State
from queenlib.messages.status import StatusReport
from queenlib.registry.memory import Memory, MemoryStore
from queenlib.registry.pieces import joined
from queenlib.router import Router
from queenlib.sse import Decoder
from tests.http.served import Answer, Served, Talk, served
from tests.registry.test_store import AT, first, grown, lines

NASTY = [
    "[DONE]",
    "data: [DONE]\n\n",
    "\n\nevent: end\n\n",
    "\r",
    "a\r\nb",
    "\u2028\u2029",
    "<script>x</script>",
    "\0",
    "é👩‍🚀",
    "",
]


@pytest.fixture
async def lively(tmp_path: Path) -> AsyncIterator[Served]:
    """A queen whose streams beat every 50 ms."""
    async with served(tmp_path, beat_s=0.05) as made:
        yield made


def events(body: bytes) -> list[Event]:
    """The events in a body."""
    return [EVENT.validate_json(each.data) for each in Decoder().feed(body)]


def without_comments(body: bytes) -> bytes:
    """A body but for its comment lines."""
    return b"".join(line for line in body.splitlines(keepends=True) if not line.startswith(b":"))


async def follow(queen: Served, job_id: str, *headers: str, query: str = "") -> Answer:
    """A whole stream, up to its end."""
    return await queen.ask(f"/v1/jobs/{job_id}/stream{query}", headers=headers)


async def read_until(chunks: AsyncIterator[bytes], mark: bytes) -> bytes:
    """What comes, up to something."""
    body = b""
    async for chunk in chunks:
        body += chunk
        if mark in body:
            break
    return body


async def open_stream(queen: Served, talk: Talk, job_id: str) -> Answer:
    """The head of a stream's answer."""
    await talk.send(queen.request(f"/v1/jobs/{job_id}/stream"))
    return await talk.head()


async def test_a_stream_is_the_log(queen: Served) -> None:
    """Its head forbids keeping and holding back; it begins with an id, is dense, and ends with the end."""
    job_id = await queen.run(["a", "b", "c"])
    answer = await follow(queen, job_id)
    assert (answer.status, answer.header("content-type")) == (200, "text/event-stream; charset=utf-8")
    assert (answer.header("cache-control"), answer.header("x-accel-buffering")) == ("no-store", "no")
    assert answer.body.startswith(b"retry: 1000\nid: 0\n\nid: 1\nevent: state\ndata: {")
    log = events(answer.body)
    assert [event.seq for event in log] == list(range(1, len(log) + 1))
    assert isinstance(log[-1], EndEvent)
    assert answer.body.endswith(b"\n\n")


@pytest.mark.parametrize("pieces", [NASTY, ["".join(NASTY)]])
async def test_text_arrives_unharmed(queen: Served, pieces: Iterable[str]) -> None:
    """Whatever a model says, it ends nothing and forges nothing."""
    log = events((await follow(queen, await queen.run(pieces))).body)
    assert "".join(event.data.text for event in log if isinstance(event, TokenEvent)) == "".join(pieces)
    assert [event for event in log if isinstance(event, EndEvent)] == log[-1:]


async def test_a_second_reader_gets_the_same_bytes(lively: Served) -> None:
    """But for comment lines, now as later."""
    gate = asyncio.Event()
    job_id = await lively.run(["a", "b"], gate)
    first = asyncio.create_task(follow(lively, job_id))
    await asyncio.sleep(0.3)
    gate.set()
    live, later = (await first).body, (await follow(lively, job_id)).body
    assert live != later, "no heartbeat came while the job was open"
    assert without_comments(live) == without_comments(later)


async def test_a_stream_resumes_anywhere(queen: Served) -> None:
    """After each number, the rest of the same bytes follows, behind the id that the reader has."""
    whole = (await follow(queen, job_id := await queen.run(["a", "b"]))).body
    last = events(whole)[-1].seq
    for after in range(last):
        rest = (await follow(queen, job_id, f"Last-Event-ID: {after}")).body
        priming, _, tail = rest.partition(b"\n\n")
        assert priming == b"retry: 1000\nid: %d" % after
        assert whole.endswith(tail)
        assert events(rest)[0].seq == after + 1
        assert (await follow(queen, job_id, query=f"?after={after}")).body == rest


async def test_the_header_goes_before_the_query(queen: Served) -> None:
    """A browser that comes back keeps the query that it began with."""
    job_id = await queen.run(["a"])
    await follow(queen, job_id)
    answer = await follow(queen, job_id, "Last-Event-ID: 2", query="?after=0")
    assert events(answer.body)[0].seq == 3


async def test_at_the_end_and_beyond(queen: Served) -> None:
    """Who has all gets 204 and does not come back; who has more than there is gets 409 with the last number."""
    job_id = await queen.run(["a"])
    last = events((await follow(queen, job_id)).body)[-1].seq
    done = await follow(queen, job_id, f"Last-Event-ID: {last}")
    assert (done.status, done.body) == (204, b"")
    beyond = await follow(queen, job_id, f"Last-Event-ID: {last + 1}")
    assert (beyond.status, beyond.json["type"]) == (409, "StreamBeyondEnd")
    assert beyond.json["problem"]["fields"]["last_seq"] == last


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        (["Last-Event-ID: -1"], ""),
        (["Last-Event-ID: abc"], ""),
        (["Last-Event-ID: 1e1"], ""),
        (["Last-Event-ID: 0x1"], ""),
        (["Last-Event-ID: +1"], ""),
        (["Last-Event-ID: ٣"], ""),
        (["Last-Event-ID:"], ""),
        (["Last-Event-ID: 1000000000000000000"], ""),
        (["Last-Event-ID: 1", "Last-Event-ID: 1"], ""),
        ([], "?after=-1"),
        ([], "?after="),
        ([], "?after=1&after=1"),
        ([], "?after=1.0"),
        ([], "?before=1"),
    ],
)
async def test_a_cursor_is_a_number(queen: Served, headers: list[str], query: str) -> None:
    """Anything else is refused before the stream begins."""
    answer = await follow(queen, await queen.run(["a"]), *headers, query=query)
    assert (answer.status, answer.json["type"]) == (400, "InvalidRequest")


async def test_it_beats_while_nothing_happens(lively: Served) -> None:
    """A reader knows that the line holds; a beat is one comment line."""
    job_id = await lively.run([], asyncio.Event())
    async with lively.talk() as talk, asyncio.timeout(30):
        await open_stream(lively, talk, job_id)
        body = await read_until(talk.chunks(), b": still here\n" * 3)
    assert events(body)[-1].seq == 2


async def test_a_paced_stream_comes_in_few_pieces(queen: Served) -> None:
    """What comes within its time comes together, pieces of the answer as one event; they tell the same as the log."""
    pieces = [f"{number} " for number in range(100)]
    job_id = await queen.run(pieces, pause_s=0.005)
    async with queen.talk() as paced, queen.talk() as plain, asyncio.timeout(30):
        await paced.send(queen.request(f"/v1/jobs/{job_id}/stream?every_ms=100"))
        await plain.send(queen.request(f"/v1/jobs/{job_id}/stream"))
        several = [(await talk.head(), [chunk async for chunk in talk.chunks()]) for talk in (paced, plain)]
    (_, few), (_, many) = several
    joint, log = events(b"".join(few)), events(b"".join(many))
    assert joined(joint) == joined(log)
    assert [number for event in joint for number in range(event.first, event.seq + 1)] == [event.seq for event in log]
    assert "".join(map(str, joint)) == "".join(map(str, log))
    assert max(len(few), len(joint)) <= 15 < 60 <= len(many)


async def test_a_paced_stream_of_what_was_joins_all_of_it(queen: Served) -> None:
    """A log that is over comes from the store: in few events, from wherever one is."""
    job_id = await queen.run([f"{number} " for number in range(2000)], pause_s=0.0)
    log = events((await follow(queen, job_id)).body)
    for after in (0, 1, log[len(log) // 2].seq, log[-1].seq - 1):
        joint = events((await follow(queen, job_id, query=f"?every_ms=100&after={after}")).body)
        assert [number for event in joint for number in range(event.first, event.seq + 1)] == [
            event.seq for event in log if event.seq > after
        ]
        assert "".join(map(str, joint)) == "".join(str(event) for event in log if event.seq > after)
        assert len(joint) < 20


async def test_a_paced_stream_does_not_hold_back_a_beginning_or_an_end(queen: Served) -> None:
    """Ten answers that are short, a second at most between two pieces: in far less than ten seconds."""
    async with asyncio.timeout(4):
        for _ in range(10):
            log = events((await follow(queen, await queen.run(["a", "b"], pause_s=0.001), query="?every_ms=1000")).body)
            assert isinstance(log[-1], EndEvent)


async def test_what_a_paced_stream_holds_back_comes_by_itself(queen: Served) -> None:
    """Also where nothing comes after it."""
    job_id = await queen.run(["a", "b"], asyncio.Event(), pause_s=0.02)
    async with queen.talk() as talk, asyncio.timeout(5):
        await talk.send(queen.request(f"/v1/jobs/{job_id}/stream?every_ms=200"))
        await talk.head()
        assert b'"b"' in await read_until(talk.chunks(), b'"b"')


async def test_the_first_piece_does_not_wait_for_what_came_before_it(queen: Served) -> None:
    """That the job runs was told a moment ago: that is no piece of an answer."""
    job_id = await queen.run(["a", "b"], asyncio.Event(), pause_s=0.05)
    async with queen.talk() as talk, asyncio.timeout(0.9):
        await talk.send(queen.request(f"/v1/jobs/{job_id}/stream?every_ms=1000"))
        await talk.head()
        assert b'"a"' in await read_until(talk.chunks(), b'"a"')


async def test_leaving_is_not_cancelling(lively: Served) -> None:
    """A reader that hangs up is let go of at once, and the job goes on to its end."""
    gate = asyncio.Event()
    job_id = await lively.run(["a"], gate)
    tasks = len(asyncio.all_tasks())
    for _ in range(20):
        async with lively.talk() as talk, asyncio.timeout(30):
            await open_stream(lively, talk, job_id)
            await read_until(talk.chunks(), b"id: 1\n")
    async with asyncio.timeout(30):
        while len(asyncio.all_tasks()) > tasks:
            await asyncio.sleep(0.01)
    assert (await lively.router.get_job(job_id)).state is State.RUNNING
    gate.set()
    end = events((await follow(lively, job_id)).body)[-1]
    assert isinstance(end, EndEvent)
    assert end.data.state is State.SUCCEEDED


async def test_a_broken_connection_before_the_head(queen: Served) -> None:
    """A reader that is gone before the stream began leaves nothing behind."""
    gate = asyncio.Event()
    job_id = await queen.run(["a"], gate)
    tasks = len(asyncio.all_tasks())
    for _ in range(20):
        async with queen.talk() as talk:
            await talk.send(queen.request(f"/v1/jobs/{job_id}/stream"))
            talk.writer.transport.abort()
    async with asyncio.timeout(30):
        while len(asyncio.all_tasks()) > tasks:
            await asyncio.sleep(0.01)


async def test_a_frozen_reader_holds_nobody_up(queen: Served) -> None:
    """One that never reads does not slow the job or another reader."""
    job_id = await queen.run(["x" * 100_000 for _ in range(100)])
    async with queen.talk() as frozen, asyncio.timeout(30):
        await frozen.send(queen.request(f"/v1/jobs/{job_id}/stream"))
        log = events((await follow(queen, job_id)).body)
    assert sum(len(event.data.text) for event in log if isinstance(event, TokenEvent)) == 10_000_000


async def written(queen: Served, lines: list[str]) -> str:
    """A job that has ended, with an event for each of these lines."""

    async def work() -> AsyncGenerator[Yielded]:
        for line in lines:
            yield Line(text=line)
        yield StatusReport(hives=())

    job_id = await queen.state.registry.create(Infer(prompt="x"), work)
    while not (await queen.router.get_job(job_id)).state.ended:
        await asyncio.sleep(0.01)
    return job_id


@asynccontextmanager
async def frozen(queen: Served, job_id: str, room: int = 4096) -> AsyncIterator[socket.socket]:
    """A reader with little room that has asked for a stream, and reads nothing."""
    address, _, port = queen.host.rpartition(":")
    with socket.socket() as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        raw.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(raw, (address, int(port)))
        await loop.sock_sendall(raw, queen.request(f"/v1/jobs/{job_id}/stream"))
        yield raw


def held(queen: Served) -> tuple[int, int, int]:
    """What the queen holds: sockets, tasks, and readers of logs; the store opens its files when it first needs them."""
    process = psutil.Process()
    return process.num_fds() - len(process.open_files()), len(asyncio.all_tasks()), queen.state.registry._readers.count


async def test_a_frozen_reader_is_let_go_of(tmp_path: Path) -> None:
    """Nothing is left of one that takes nothing for too long; it comes back with what it has, and misses nothing."""
    async with served(tmp_path, beat_s=0.2, send_s=0.4) as queen, asyncio.timeout(20):  # the system does so too, after 30
        job_id = await written(queen, ["x" * 100_000 for _ in range(200)])
        log = [event async for event in await queen.router.execute_job(job_id)]
        before = held(queen)
        async with frozen(queen, job_id) as raw:
            while queen.state.registry._readers.count == before[2]:
                await asyncio.sleep(0.01)
            while queen.state.registry._readers.count > before[2]:
                await asyncio.sleep(0.01)
            body = await asyncio.to_thread(drained, raw)
        for _ in range(500):
            if all(now <= then for now, then in zip(held(queen), before, strict=True)):
                break
            await asyncio.sleep(0.01)
        else:
            pytest.fail(f"Sockets, tasks and readers were {before}, and are {held(queen)}: {asyncio.all_tasks()}")
        assert b"id: 0\n" in body
        assert b"event: end" not in body
        after = log[len(log) // 2].seq
        assert events((await follow(queen, job_id, f"Last-Event-ID: {after}")).body) == log[after:]


def drained(raw: socket.socket) -> bytes:
    """All that has come and still comes, up to the end of the connection, whatever it is."""
    raw.settimeout(30)
    body = b""
    with suppress(ConnectionError):
        while chunk := raw.recv(65536):
            body += chunk
    return body


async def test_one_that_reads_slowly_is_kept(tmp_path: Path) -> None:
    """As long as it takes something, it is no frozen one, and gets all of it from the log."""
    async with served(tmp_path, beat_s=0.2, send_s=0.4) as queen, asyncio.timeout(60):
        job_id = await written(queen, ["x" * 100_000 for _ in range(80)])
        loop, body = asyncio.get_running_loop(), bytearray()
        async with frozen(queen, job_id, 65536) as raw:
            while b"event: end\n" not in body[-1000:]:
                body += await loop.sock_recv(raw, 65536)
                await asyncio.sleep(0.01 if len(body) < 4_000_000 else 0)
    assert len(body) > 8_000_000
    assert body.count(b"\nevent: ") == 84


async def test_what_is_there_is_sent_at_once(queen: Served) -> None:
    """Several events go out together; a reader who comes late has not as many pieces as there are events."""
    job_id = await written(queen, [f"line {n}" for n in range(50)])
    async with queen.talk() as talk, asyncio.timeout(60):
        await open_stream(queen, talk, job_id)
        chunk = await talk.chunk()
        assert chunk.startswith(b"retry: 1000\nid: 0\n\n")
        assert len(events(chunk)) == 54


async def test_a_frozen_reader_does_not_keep_her_from_closing(tmp_path: Path) -> None:
    """When she is not served any more, the connection of one who takes nothing is cut; no request is waited for."""
    async with AsyncExitStack() as stack:
        async with served(tmp_path) as queen:
            job_id = await written(queen, ["x" * 100_000 for _ in range(200)])
            raw = await stack.enter_async_context(frozen(queen, job_id))
            while queen.state.registry._readers.count == 0:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.1)
        assert b"event: end" not in await asyncio.to_thread(drained, raw)


async def test_many_readers_see_the_same(queen: Served) -> None:
    """Early or late, each gets the same bytes."""
    gate = asyncio.Event()
    job_id = await queen.run([f"{n} " for n in range(200)], gate)
    early = [asyncio.create_task(follow(queen, job_id)) for _ in range(5)]
    await asyncio.sleep(0.05)
    late = [asyncio.create_task(follow(queen, job_id)) for _ in range(5)]
    gate.set()
    bodies = {answer.body for answer in await asyncio.gather(*early, *late)}
    assert len(bodies) == 1


async def test_closing_the_queen_ends_her_streams_with_their_end(lively: Served) -> None:
    """Readers see that the job was ended by it, and how."""
    job_id = await lively.run(["a"], asyncio.Event())
    reading = asyncio.create_task(follow(lively, job_id))
    await asyncio.sleep(0.1)
    await lively.router.close()
    end = events((await reading).body)[-1]
    assert isinstance(end, EndEvent)
    assert (end.data.state, end.data.reason) == (State.FAILED, "queen_closed")


async def test_closing_only_the_socket_ends_streams_without_an_end(tmp_path: Path) -> None:
    """The body ends in good order, so that a reader knows to come back."""
    async with served(tmp_path) as queen:
        job_id = await queen.run(["a"], asyncio.Event())
        reading = asyncio.create_task(follow(queen, job_id))
        await asyncio.sleep(0.1)
    log = events((await reading).body)
    assert log
    assert not isinstance(log[-1], EndEvent)


@pytest.fixture
async def succeeded(tmp_path: Path) -> AsyncIterator[Served]:
    """The second queen of a store, who has found a job under way, `job-a`, and has ended it as lost with event 8."""
    kept = Memory()
    record, event = first("job-a", Infer(prompt="x", model="m"))
    store = MemoryStore(kept)
    await store.create(record.model_copy(update={"epoch": store.epoch}), [event], "")
    running = StateEvent(job_id="job-a", seq=2, at=AT, data=StateData(state=State.RUNNING))
    await grown(store, record.model_copy(update={"epoch": store.epoch}), [running, *lines("job-a", 3, 5)])
    async with served(tmp_path, MemoryStore(kept)) as made:
        await Router.begin(made.state)
        yield made


async def test_a_stream_tells_its_epoch(queen: Served, succeeded: Served) -> None:
    """That of the queen who worked on the job last, in the head of the stream."""
    assert (await follow(queen, await queen.run(["a"]))).header("queen-epoch") == "1"
    answer = await follow(succeeded, "job-a")
    assert answer.header("queen-epoch") == "2"
    assert [event.seq for event in events(answer.body)] == list(range(1, 9))


@pytest.mark.parametrize("after", [8, 9, 1000])
async def test_who_has_seen_what_was_taken_back_is_told(succeeded: Served, after: int) -> None:
    """409 with the last event that both have, also where the log is as long as it was; from there it can be read on."""
    told = await follow(succeeded, "job-a", f"Last-Event-ID: {after}", "Queen-Epoch: 1")
    assert (told.status, told.json["type"]) == (409, "StreamReset")
    assert told.json["problem"]["fields"] == {"last_seq": 7, "epoch": 2}
    assert "after=7" in told.json["problem"]["next"]
    on = await follow(succeeded, "job-a", "Last-Event-ID: 7", "Queen-Epoch: 1")
    assert [event.seq for event in events(on.body)] == [8]


async def test_who_has_seen_nothing_that_was_taken_back_reads_on(succeeded: Served) -> None:
    """An older epoch alone is no fault; one of today, or none, is told the usual."""
    for after in range(8):
        answer = await follow(succeeded, "job-a", f"Last-Event-ID: {after}", "Queen-Epoch: 1")
        assert [event.seq for event in events(answer.body)] == list(range(after + 1, 9))
    for headers in ([], ["Queen-Epoch: 2"], ["Queen-Epoch: 3"]):
        assert (await follow(succeeded, "job-a", "Last-Event-ID: 8", *headers)).status == 204
        beyond = await follow(succeeded, "job-a", "Last-Event-ID: 9", *headers)
        assert (beyond.status, beyond.json["type"]) == (409, "StreamBeyondEnd")


@pytest.mark.parametrize("epoch", ["", "-1", "x", "1.0", "99999999999999999"])
async def test_an_epoch_is_a_number(succeeded: Served, epoch: str) -> None:
    """What is none is refused, and not taken for the first."""
    answer = await follow(succeeded, "job-a", f"Queen-Epoch: {epoch}")
    assert (answer.status, answer.json["type"]) == (400, "InvalidRequest")
