"""Several jobs in one stream, byte by byte: which, from where, and what it says of itself."""

from __future__ import annotations

import asyncio

import pytest

from queenlib.messages.events import EVENT
from queenlib.sse import Decoder
from tests.http.served import Answer, Served


async def streamed(queen: Served, query: str, *headers: str) -> Answer:
    """A whole stream, up to its end."""
    return await queen.ask(f"/v1/stream?{query}", headers=headers)


async def test_an_id_says_where_its_reader_is_in_every_log(queen: Served) -> None:
    """From each of them the rest follows exactly, with the query as it was; at the last there is nothing more."""
    one, other = await queen.run(["a"]), await queen.run(["b", "c"])
    assert [event.seq async for event in await queen.router.execute_job(other)][-1] > 2
    query = f"job={one}&job={other}:2"
    whole = await streamed(queen, query)
    assert (whole.status, whole.header("content-type"), whole.header("queen-epoch")) == (
        200,
        "text/event-stream; charset=utf-8",
        "1.1",
    )
    assert whole.body.startswith(b"retry: 1000\nid: 0.2\n\nid: 1.2\nevent: state\ndata: {")
    sent = Decoder().feed(whole.body)
    log = [EVENT.validate_json(each.data) for each in sent]
    for job_id, after in ((one, 0), (other, 2)):
        assert [event for event in log if event.job_id == job_id] == [
            event async for event in await queen.router.execute_job(job_id, after)
        ]
    for number, each in enumerate(sent[:-1]):
        rest = await streamed(queen, query, f"Last-Event-ID: {each.id}", "Queen-Epoch: 1.1")
        assert Decoder().feed(rest.body) == sent[number + 1 :]
    assert (await streamed(queen, query, f"Last-Event-ID: {sent[-1].id}")).status == 204


async def test_live_ones_come_as_they_come(queen: Served) -> None:
    """Up to the end of the last; one that has ended ends nothing."""
    gates = [asyncio.Event() for _ in range(3)]
    ids = [await queen.run([str(n)], gate) for n, gate in enumerate(gates)]
    reading = asyncio.create_task(streamed(queen, "&".join(f"job={job_id}" for job_id in ids)))
    for gate in gates:
        await asyncio.sleep(0.05)
        assert not reading.done()
        gate.set()
    log = [EVENT.validate_json(each.data) for each in Decoder().feed((await reading).body)]
    assert [event.job_id for event in log if event.type == "end"] == ids
    for job_id in ids:
        alone = [event async for event in await queen.router.execute_job(job_id)]
        assert [event for event in log if event.job_id == job_id] == alone


@pytest.mark.parametrize(
    ("query", "headers", "status"),
    [
        ("", [], 400),
        ("job={id}&job={id}", [], 400),
        ("job={id}:", [], 400),
        ("job={id}:x", [], 400),
        ("job={id}:1:1", [], 400),
        ("job={id}&after=1", [], 400),
        ("job={id}", ["Last-Event-ID: 1.1"], 400),
        ("job={id}", ["Last-Event-ID: x"], 400),
        ("job={id}", ["Last-Event-ID: 1", "Last-Event-ID: 1"], 400),
        ("job={id}", ["Queen-Epoch: 1.1"], 400),
        ("job={id}&job=job-none", [], 404),
        ("job=", [], 404),
        ("job={id}:99", [], 409),
        ("job={id}:99", ["Last-Event-ID: 1"], 200),
    ],
)
async def test_a_place_is_a_job_and_a_number(queen: Served, query: str, headers: list[str], status: int) -> None:
    """Anything else is refused before the stream begins; what the header says goes before the query."""
    job_id = await queen.run(["a"])
    assert (await streamed(queen, query.format(id=job_id), *headers)).status == status
