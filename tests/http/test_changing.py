"""Changes over a socket: the list, then what differs, with ids that one can come back with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from queenlib.messages.change import FORMS, Change, Kind, Watched
from queenlib.sse import Decoder, ServerSentEvent
from tests.http.served import Served, Talk, served


async def messages(talk: Talk) -> AsyncIterator[ServerSentEvent]:
    """What comes of a stream that has begun."""
    decoder = Decoder()
    async for chunk in talk.chunks():
        for each in decoder.feed(chunk):
            yield each


def read(message: ServerSentEvent, kind: Kind = Kind.JOBS) -> Change[Any]:
    """A change that came."""
    change = FORMS[kind].model_validate_json(message.data)
    assert (message.event, message.id) == ("change", change.revision)
    return change


async def test_jobs_change_before_ones_eyes(queen: Served) -> None:
    """First the list, then each job until it has ended, and then that it is deleted; who comes back gets what it missed."""
    old = await queen.run(["a"])
    watched = Watched[Any]()
    async with queen.talk() as talk, asyncio.timeout(30):
        await talk.send(queen.request("/v1/watch/jobs"))
        assert (await talk.head()).header("content-type") == "text/event-stream; charset=utf-8"
        came = messages(talk)
        watched.take(first := read(await anext(came)))
        assert (first.reset, [job.id for job in first.items]) == (True, [old])
        new = await queen.run(["b"])
        while new not in watched.items or not watched.items[new].state.ended:
            watched.take(read(await anext(came)))
        assert watched.items[new].result is None
    await queen.router.delete_job(old)
    for said in ([f"Last-Event-ID: {watched.revision}"], []):
        async with queen.talk() as talk, asyncio.timeout(30):
            await talk.send(queen.request(f"/v1/watch/jobs?after={watched.revision}", headers=said))
            await talk.head()
            change = read(await anext(messages(talk)))
            assert (change.reset, change.gone) == (False, (old,))


async def test_what_is_not_known_any_more_is_the_whole_list(queen: Served) -> None:
    """A revision of another queen, or of none."""
    job_id = await queen.run(["a"])
    for said in ("board-other.17", "x", "."):
        async with queen.talk() as talk, asyncio.timeout(30):
            await talk.send(queen.request("/v1/watch/jobs", headers=[f"Last-Event-ID: {said}"]))
            await talk.head()
            change = read(await anext(messages(talk)))
            assert (change.reset, [job.id for job in change.items]) == (True, [job_id])


async def test_nothing_is_left_of_who_leaves(queen: Served) -> None:
    """Neither a task nor one who waits."""
    await queen.ask("/health")
    before = len(asyncio.all_tasks())
    for kind in (*Kind, *Kind):
        async with queen.talk() as talk, asyncio.timeout(30):
            await talk.send(queen.request(f"/v1/watch/{kind}"))
            await talk.head()
            await anext(messages(talk))
    async with asyncio.timeout(30):
        while len(asyncio.all_tasks()) > before:
            await asyncio.sleep(0.01)


async def test_one_that_takes_nothing_costs_nothing(tmp_path: Path) -> None:
    """While its line is full no change is made for it, and in the end it is let go of; its jobs do not notice."""
    async with served(tmp_path, beat_s=0.2, send_s=0.4) as queen, queen.talk() as talk, asyncio.timeout(60):
        talk.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await talk.send(queen.request("/v1/watch/jobs?limit=1"))
        filled = {"operation": "infer", "prompt": "x" * 400_000, "model": "sim:echo?text=a"}
        for _ in range(30):
            ticket = await queen.router.create_job(filled)
            async for _ in await queen.router.execute_job(ticket.job_id):
                pass
        while any(task.get_name() == "streams" for task in asyncio.all_tasks()):
            await asyncio.sleep(0.05)
