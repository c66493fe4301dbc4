"""The conformance suite of stores: each kind passes the same."""

from datetime import UTC, datetime

import pytest

from queenlib.errors import Conflict, InvalidRequest
from queenlib.messages.events import EndData, EndEvent, Event, Log, LogEvent, ResultData, ResultEvent, StateData, StateEvent
from queenlib.messages.hive import HiveList
from queenlib.messages.job import JobRecord
from queenlib.messages.state import State
from queenlib.registry.fold import begin, fold
from queenlib.registry.store import Store

DIGEST = "0" * 64
AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


def first(job_id: str) -> tuple[JobRecord, StateEvent]:
    """A new job and the first event of its log."""
    event = StateEvent(job_id=job_id, seq=1, at=AT, data=StateData(state=State.QUEUED))
    return begin(HiveList(), event), event


def lines(job_id: str, start: int, count: int) -> list[Event]:
    """Log events number `start` and on."""
    return [LogEvent(job_id=job_id, seq=start + n, at=AT, data=Log(text=f"line {start + n}")) for n in range(count)]


async def written(store: Store, job_id: str, count: int) -> JobRecord:
    """A job with `count` lines in its log."""
    record, event = first(job_id)
    await store.create(record, [event], DIGEST)
    events = lines(job_id, 2, count)
    for each in events:
        record = fold(record, each)
    await store.append(record, events)
    return record


async def test_what_was_created_is_there(store: Store) -> None:
    """A created job's record and its first event can be read."""
    record, event = first("job-a")
    await store.create(record, [event], DIGEST)
    assert await store.get("job-a") == record
    assert list(await store.read("job-a", 0, 10)) == [event]


async def test_an_id_is_taken_once(store: Store) -> None:
    """A second job of the same id is refused, and the first stays."""
    record, event = first("job-a")
    await store.create(record, [event], DIGEST)
    with pytest.raises(Conflict):
        await store.create(record.model_copy(update={"operation": "other"}), [event], DIGEST)
    assert await store.get("job-a") == record


async def test_a_log_is_read_from_any_cursor_in_pages(store: Store) -> None:
    """`after` and `limit` cut the log without a hole."""
    await written(store, "job-a", 9)
    assert [event.seq for event in await store.read("job-a", 3, 4)] == [4, 5, 6, 7]
    assert [event.seq for event in await store.read("job-a", 8, 100)] == [9, 10]
    assert list(await store.read("job-a", 10, 100)) == []


@pytest.mark.parametrize("start", [1, 4, 6, 9])
async def test_events_that_do_not_follow_are_refused_whole(store: Store, start: int) -> None:
    """A batch that would overlap or leave a hole writes nothing."""
    record = await written(store, "job-a", 3)
    with pytest.raises(Conflict):
        await store.append(record, lines("job-a", start, 2))
    assert [event.seq for event in await store.read("job-a", 0, 100)] == [1, 2, 3, 4]


async def test_an_event_read_back_is_the_same_bytes(store: Store) -> None:
    """What is shown twice is shown alike."""
    await written(store, "job-a", 1)
    once = [event.line for event in await store.read("job-a", 0, 10)]
    assert once == [event.line for event in await store.read("job-a", 0, 10)]


async def test_the_result_comes_with_the_end(store: Store) -> None:
    """After the batch that ends a job, its record has state, result and end."""
    record = await written(store, "job-a", 1)
    started = StateEvent(job_id="job-a", seq=3, at=AT, data=StateData(state=State.RUNNING))
    result = ResultEvent(job_id="job-a", seq=4, at=AT, data=ResultData(result={"hives": []}))
    end = EndEvent(job_id="job-a", seq=5, at=AT, data=EndData(state=State.SUCCEEDED))
    for event in (started, result, end):
        record = fold(record, event)
    await store.append(record, [started, result, end])
    kept = await store.get("job-a")
    assert kept is not None
    assert (kept.state, kept.result, kept.ended_at) == (State.SUCCEEDED, {"hives": []}, AT)


async def test_ids_are_found_by_prefix(store: Store) -> None:
    """One id for a unique prefix, two for one that is not, none for none."""
    for job_id in ("job-aa", "job-ab", "job-b"):
        await store.create(*_pair(job_id), DIGEST)
    assert list(await store.find("job-b")) == ["job-b"]
    assert len(await store.find("job-a")) == 2
    assert list(await store.find("job-x")) == []


def _pair(job_id: str) -> tuple[JobRecord, list[Event]]:
    record, event = first(job_id)
    return record, [event]


async def test_pages_are_newest_first_and_leave_none_out(store: Store) -> None:
    """Following the cursors shows every job once, newest first, also while new ones come."""
    names = [f"job-{n}" for n in range(7)]
    for name in names:
        await store.create(*_pair(name), DIGEST)
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = await store.page(3, cursor)
        seen += [job.id for job in page.jobs]
        if len(seen) == 3:
            await store.create(*_pair("job-late"), DIGEST)
        if (cursor := page.next) is None:
            break
    assert seen == names[::-1]


async def test_what_is_not_there_is_none(store: Store) -> None:
    """An unknown id is `None`, not an error."""
    assert await store.get("job-none") is None


@pytest.mark.parametrize("cursor", ["", "-1", "x", "1e3", "٣", "9" * 5000])
async def test_a_cursor_that_no_page_gave_is_refused(store: Store, cursor: str) -> None:
    """Junk for a cursor is a typed error, and no page."""
    with pytest.raises(InvalidRequest):
        await store.page(3, cursor)
