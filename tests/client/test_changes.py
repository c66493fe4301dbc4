"""A watch over a line that breaks."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path
from typing import Any, cast

import pytest

from queenlib.client.changes import follow_changes
from queenlib.errors import QueenUnreachable, StreamInterrupted, UnknownHive
from queenlib.messages.change import FORMS, Change, Kind, Watched, parse_watch
from queenlib.messages.hive import HiveInfo
from queenlib.registry.memory import MemoryStore
from queenlib.sse import change_frame
from tests.boards.test_watching import hive
from tests.client.test_remote import behind_a_wire
from tests.client.test_resume import Hasty, lines

FORM = FORMS[Kind.HIVES]
JOBS = parse_watch(Kind.JOBS)


def said(*revisions: str) -> bytes:
    """Changes as they come over a line."""
    items = (hive("a", ""),)
    return b"".join(change_frame(Change[HiveInfo](revision=revision, items=items)) for revision in revisions)


async def test_it_comes_back_with_what_it_has() -> None:
    """The revision of the last change is what is asked for next; a line that brings nothing is tried so often."""
    connect, asked = lines(lambda _: said("r.1", "r.2"), lambda _: said("r.3")[:-1], lambda _: said("r.4"), lambda _: b"")
    came = list[Any]()

    async def take() -> None:
        async for change in follow_changes(cast("Any", connect), FORM, "r.0", Hasty(), 3):
            came.append(change and change.revision)

    with pytest.raises(StreamInterrupted, match="watch"):
        await take()
    assert came == [None, "r.1", "r.2", "r.4"]
    assert cast("list[Any]", asked) == ["r.0", "r.2", "r.2", *["r.4"] * 3]


async def test_one_that_never_was_there_is_told_at_once() -> None:
    """It is not tried again."""
    connect, asked = lines(QueenUnreachable("no"))
    with pytest.raises(QueenUnreachable):
        await anext(follow_changes(cast("Any", connect), FORM, "", Hasty()))
    assert len(asked) == 1


async def test_what_is_no_change_is_told() -> None:
    """Something that this version does not know, or that is no JSON: it is not tried again."""
    for body in (b'data: {"revision": "r.1", "colour": "red"}\n\n', b"data: x\n\n", b": \n" + b"x" * (33 * 2**20)):
        connect, asked = lines(lambda _, body=body: body)  # type: ignore[misc]
        with pytest.raises(StreamInterrupted, match="no change"):
            async for _ in follow_changes(cast("Any", connect), FORM, "", Hasty()):
                pass
        assert len(asked) == 1


async def test_near_and_far_see_the_same(tmp_path: Path) -> None:
    """Over a wire that is cut in the middle of changes, jobs are made and deleted: the list is that of the queen."""
    async with (
        behind_a_wire(tmp_path, 10_000, 700, 3000, 2000, store=MemoryStore()) as (queen, line, far),
        asyncio.timeout(60),
        aclosing(cast("Any", await far.watch(JOBS))) as changes,
    ):
        watched = Watched[Any]()
        ids = [await queen.run([f"{n} " for n in range(30)]) for _ in range(12)]
        async for change in changes:
            watched.take(change)
            if all(each in watched.items and watched.items[each].state.ended for each in ids):
                break
        page = await queen.router.list_jobs()
        assert {job.id: job for job in page.jobs} == watched.items
        assert line.connections > 2
        with pytest.raises(UnknownHive):
            await far.watch(parse_watch(Kind.WORKERS, hive="nowhere"))
