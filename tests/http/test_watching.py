"""What a reader may watch, and how it says so."""

from __future__ import annotations

import asyncio

import pytest

from queenlib.messages.change import Kind
from tests.http.served import Served
from tests.http.test_changing import messages, read


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/v1/watch/hats", 400),
        ("/v1/watch/jobs?limit=0", 400),
        ("/v1/watch/jobs?state=asleep", 400),
        ("/v1/watch/jobs?colour=red", 400),
        ("/v1/watch/hives?limit=3", 400),
        ("/v1/watch/workers?hive=a%20b", 400),
        ("/v1/watch/workers?hive=nowhere", 404),
        ("/v1/watch", 404),
    ],
)
async def test_what_cannot_be_watched_is_told_at_once(queen: Served, target: str, status: int) -> None:
    """By a typed problem, before the stream begins."""
    answer = await queen.ask(target)
    assert (answer.status, answer.header("content-type")) == (status, "application/problem+json")


async def test_jobs_are_chosen_as_in_lists(queen: Served) -> None:
    """By operation and the like; what was made by others is not told."""
    await queen.run(["a"])
    ticket = await queen.router.create_job({"operation": "hive_list"})
    async with queen.talk() as talk, asyncio.timeout(30):
        await talk.send(queen.request("/v1/watch/jobs?operation=hive_list&limit=5"))
        await talk.head()
        assert [job.id for job in read(await anext(messages(talk))).items] == [ticket.job_id]


@pytest.mark.parametrize(
    ("target", "kind", "name"),
    [
        ("/v1/watch/hives", Kind.HIVES, "local"),
        ("/v1/watch/workers?hive=local", Kind.WORKERS, None),
        ("/v1/watch/models", Kind.MODELS, "smollm2-135m"),
    ],
)
async def test_each_kind_begins_with_its_list(queen: Served, target: str, kind: Kind, name: str | None) -> None:
    """Also one that is empty."""
    async with queen.talk() as talk, asyncio.timeout(30):
        await talk.send(queen.request(target))
        await talk.head()
        first = read(await anext(messages(talk)), kind)
        assert first.reset
        assert [getattr(item, "name", None) or item.id for item in first.items] == ([] if name is None else [name])
