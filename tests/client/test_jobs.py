"""`queen.jobs`: its verbs, and ids that may be cut short."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from queenlib import Queen, errors
from queenlib.messages.hive import HiveList, HiveListing


@pytest.fixture(scope="module")
def queen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Queen]:
    """A queen in this process."""
    with Queen(tmp_path_factory.mktemp("home")) as made:
        yield made


async def test_a_bad_payload_is_refused_where_it_is_awaited(queen: Queen) -> None:
    """`create` raises when it is awaited, not before, and nothing is created."""
    before = await queen.jobs.list()
    creating = queen.jobs.create({"operation": "hive_lst"})
    with pytest.raises(errors.InvalidOperation):
        await creating
    with pytest.raises(errors.InvalidRequest):
        await queen.jobs.create(HiveList(), start="later")  # type: ignore[arg-type]
    with pytest.raises(errors.InvalidOperation):
        queen.sync.jobs.create({})
    assert await queen.jobs.list() == before


async def test_a_beginning_of_an_id_will_do_everywhere(queen: Queen) -> None:
    """Each verb takes a unique prefix, with or without `job-`, and speaks of the whole id."""
    job = await queen.jobs.create(HiveList())
    await job
    for short in (job.id[:12], job.id[4:12]):
        assert (await queen.jobs.get(short)).id == job.id
        assert queen.jobs.attach(short).id == job.id
        assert isinstance(await queen.jobs.result(short), HiveListing)
        assert (await queen.jobs.cancel(short)).id == job.id
        assert {event.job_id async for event in queen.jobs.stream(short)} == {job.id}


async def test_one_that_is_not_there_is_told_by_each_verb(queen: Queen) -> None:
    """An unknown id is the same typed error, whatever is asked of it."""
    for asked in (queen.jobs.get("job-none"), queen.jobs.result("job-none"), queen.jobs.cancel("job-none")):
        with pytest.raises(errors.UnknownJob):
            await asked
    with pytest.raises(errors.UnknownJob):
        await anext(queen.jobs.stream("job-none"))
    with pytest.raises(errors.UnknownJob):
        queen.jobs.attach("job-none")


@pytest.mark.parametrize("wrong", [3, None, ["job-none"]])
async def test_what_is_no_text_is_no_id(queen: Queen, wrong: Any) -> None:
    """It is the typed error of an id that is none."""
    with pytest.raises(errors.UnknownJob, match="it is text"):
        queen.jobs.attach(wrong)


@pytest.mark.parametrize("limit", [0, -1, 1001])
async def test_a_page_has_its_bounds(queen: Queen, limit: int) -> None:
    """A page of none or of too many is refused; so is a cursor that is none."""
    with pytest.raises(errors.InvalidRequest):
        await queen.jobs.list(limit=limit)
    with pytest.raises(errors.InvalidRequest):
        await queen.jobs.list(cursor="none")


async def test_frames_follow_the_pages(queen: Queen) -> None:
    """A frame has as many rows as were asked for, newest first, however many pages that takes."""
    made = [(await queen.jobs.create(HiveList())).id for _ in range(5)]
    for job_id in made:
        await queen.jobs.result(job_id)
    assert list((await queen.jobs.frame(reads=True, limit=3))["job_id"]) == made[:1:-1]


async def test_a_stream_that_is_left_is_closed(queen: Queen) -> None:
    """Leaving `stream` closes it behind the scenes too."""
    job = await queen.jobs.create(HiveList())
    stream = queen.jobs.stream(job.id)
    assert isinstance(stream, AsyncIterator)
    await anext(stream)
    await stream.aclose()
    assert [event async for event in stream] == []
