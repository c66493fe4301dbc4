"""The conformance suite of stores: each kind passes the same."""

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from queenlib.errors import Conflict, IllegalTransition, InvalidRequest, KeyConflict, QueenError, StaleEpoch
from queenlib.messages.base import Operation
from queenlib.messages.events import (
    AttemptData,
    AttemptEvent,
    EndData,
    EndEvent,
    Event,
    Log,
    LogEvent,
    Metrics,
    MetricsEvent,
    Problem,
    Progress,
    ProgressEvent,
    ResultData,
    ResultEvent,
    RowData,
    RowEvent,
    StateData,
    StateEvent,
    TokenData,
    TokenEvent,
    VectorsData,
    VectorsEvent,
)
from queenlib.messages.filter import ALL, JobFilter
from queenlib.messages.hive import HiveList
from queenlib.messages.infer import Infer
from queenlib.messages.job import USUAL, JobRecord, Terms
from queenlib.messages.model import ModelDelete, ModelList
from queenlib.messages.state import State
from queenlib.registry.fold import begin, fold
from queenlib.registry.memory import Memory, MemoryStore
from queenlib.registry.sqlite.store import SqliteStore
from queenlib.registry.store import Store, payload_digest
from queenlib.world import World

DIGEST = "0" * 64
AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
HIVE_LIST = HiveList()


def first(
    job_id: str, operation: Operation = HIVE_LIST, terms: Terms = USUAL, at: datetime = AT
) -> tuple[JobRecord, StateEvent]:
    """A new job and the first event of its log."""
    event = StateEvent(job_id=job_id, seq=1, at=at, data=StateData(state=State.QUEUED))
    return begin(operation, event, terms), event


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


async def grown(store: Store, record: JobRecord, events: Sequence[Event]) -> JobRecord:
    """A job with more in its log."""
    for event in events:
        record = fold(record, event)
    await store.append(record, events)
    return record


async def ended(store: Store, job_id: str, operation: Operation = HIVE_LIST, at: datetime = AT, lines: int = 0) -> JobRecord:
    """A job that has ended."""
    record, event = first(job_id, operation)
    await store.create(record, [event], DIGEST)
    log: list[Event] = [LogEvent(job_id=job_id, seq=2 + n, at=at, data=Log(text=f"line {n}")) for n in range(lines)]
    log.append(EndEvent(job_id=job_id, seq=2 + lines, at=at, data=EndData(state=State.CANCELLED, reason="cancel")))
    return await grown(store, record, log)


async def everything(store: Store, job_ids: Sequence[str]) -> list[object]:
    """All that a store keeps of some jobs."""
    records = [await store.get(job_id) for job_id in job_ids]
    logs = [[event.line for event in await store.read(job_id, 0, 10**6)] for job_id in job_ids]
    return [records, logs, await store.page(1000, None), list(await store.unfinished()), list(await store.ended(1000))]


def _row(i: int, key: str, **more: Any) -> RowData:
    return RowData(i=i, key=key, **more)


def all_kinds(job_id: str) -> list[Event]:
    """A log with events of every kind after its first, and with all that is hard to write down."""
    odd = "line\n\ttab \x00 \x1b[31m \u2028 é 蜂 \N{HONEYBEE} \ufffd"
    base: dict[str, Any] = {"job_id": job_id, "at": AT}
    early: dict[str, Any] = {"job_id": job_id, "at": datetime(1999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)}
    problem = Problem(kind="WorkerDied", what=odd, fields={"signal": "SIGKILL", "n": [1, 2.5, None, {"é": True}]})
    return [
        StateEvent(**base, seq=2, data=StateData(state=State.RUNNING)),
        LogEvent(**base, seq=3, data=Log(text=odd, level="warning")),
        ProgressEvent(**base, seq=4, data=Progress(what=odd, done=2**60, total=None, unit="bytes")),
        TokenEvent(**base, seq=5, data=TokenData(i=0, text=odd, cuts=(0, 3, len(odd)), dt_ms=(0.0, 12.345, 1e9))),
        TokenEvent(**early, seq=6, data=TokenData(i=3, text="", cuts=(0,), dt_ms=(1 / 3,), channel="reasoning")),
        MetricsEvent(**early, seq=7, data=Metrics(values={"a_ms": 0.1, "é": -1e-300})),
        StateEvent(**base, seq=8, data=StateData(state=State.WAITING, reason=odd)),
        AttemptEvent(**base, seq=9, data=AttemptData(n=2, reason="queen_died", epoch=7)),
        StateEvent(**base, seq=10, data=StateData(state=State.RUNNING)),
        TokenEvent(**base, seq=11, data=TokenData(i=0, text="ab", cuts=(1, 2), dt_ms=(1.0, 2.0))),
        RowEvent(**base, seq=12, data=_row(3, "k3", text=odd, parsed={"é": [1, None, 2.5]}, decode_ms=1 / 3)),
        RowEvent(**base, seq=13, data=_row(2**40, "", error=problem)),
        VectorsEvent(**base, seq=14, data=VectorsData(rows=(3, 2**40), dimensions=1, data="AACAPwAAgD8=", prompt_tokens=4)),
        VectorsEvent(**base, seq=15, data=VectorsData(rows=(0,), error=problem)),
        ResultEvent(**base, seq=16, data=ResultData(result={"text": odd, "n": 1.0, "deep": {"b": [], "a": None}})),
        EndEvent(**base, seq=17, data=EndData(state=State.SUCCEEDED, error=problem, epoch=8)),
    ]


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


async def test_what_is_beside_a_record_comes_back(store: Store) -> None:
    """It is as it was, in no record, and gone with its job; a job without any has none."""
    beside = {"columns": {"a\x00é": ["蜂", None, ""]}, "n": 1.5}
    await store.create(*_pair("job-a"), DIGEST, beside)
    await store.create(*_pair("job-b"), DIGEST)
    assert await store.beside("job-a") == beside
    assert (await store.beside("job-b"), await store.beside("job-c")) == ({}, {})
    record = await store.get("job-a")
    assert record is not None
    assert "columns" not in record.request
    await grown(store, record, [_end("job-a", 2)])
    [listed] = await store.ended(10)
    assert listed.size > 0
    await store.delete(["job-a"])
    assert await store.beside("job-a") == {}


def _end(job_id: str, seq: int) -> EndEvent:
    return EndEvent(job_id=job_id, seq=seq, at=AT, data=EndData(state=State.CANCELLED, reason="cancel"))


async def test_answers_are_found_by_their_keys(store: Store) -> None:
    """The newest of each key; none that failed, none that was another's, and none of a job that was removed."""
    problem = Problem(kind="WorkerDied", what="it died")

    async def batch(job_id: str, *rows: RowData) -> None:
        record, event = first(job_id)
        await store.create(record, [event], DIGEST)
        given = [RowEvent(job_id=job_id, seq=2 + at, at=AT, data=row) for at, row in enumerate(rows)]
        await grown(store, record, [*given, _end(job_id, 2 + len(rows))])

    await batch("job-a", _row(0, "k0", text="old"), _row(1, "k1", text="one"), _row(2, "k2", error=problem))
    await batch("job-b", _row(7, "k0", text="new"), _row(8, "k1", text="one", cached=True), _row(9, "", text="no key"))
    found = await store.answers(["k0", "k1", "k2", "", "none"])
    assert {key: (row.i, row.text) for key, row in found.items()} == {"k0": (7, "new"), "k1": (1, "one")}
    await store.delete(["job-b"])
    assert (await store.answers(["k0"]))["k0"].text == "old"
    await store.delete(["job-a"])
    assert await store.answers(["k0", "k1"]) == {}


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


async def test_a_key_gives_the_job_that_has_it(store: Store) -> None:
    """The same key and payload again is the job that is there, and nothing is written; another payload is refused."""
    terms = Terms(key="mine")
    record, event = first("job-a", terms=terms)
    assert await store.create(record, [event], payload_digest(HIVE_LIST, terms)) == "job-a"
    again, its_first = first("job-b", terms=terms)
    assert await store.create(again, [its_first], payload_digest(HIVE_LIST, terms)) == "job-a"
    other, its_first = first("job-c", ModelList(), terms)
    with pytest.raises(KeyConflict) as caught:
        await store.create(other, [its_first], payload_digest(ModelList(), terms))
    assert (caught.value.key, caught.value.other_id) == ("mine", "job-a")
    assert [job.id for job in (await store.page(10, None)).jobs] == ["job-a"]
    assert [await store.get("job-b"), list(await store.read("job-c", 0, 9))] == [None, []]


def test_the_digest_of_a_payload_stays_what_it_was() -> None:
    """A key that was given before there were further terms still stands for the same; what is said tells payloads apart."""
    before = "02ae586c4d079cc681f1f4a437c833d9741378be8df596ca2e0a972a50c5b573"
    assert payload_digest(HIVE_LIST, Terms(key="mine")) == before
    others = {payload_digest(HIVE_LIST, Terms(key="mine", **more)) for more in ({"tags": ("a",)}, {"timeout": 1.0})}
    assert len({before, *others}) == 3


async def test_many_creates_of_one_key_at_once_are_one_job(store: Store) -> None:
    """However many come together, they all get the one that is kept."""
    terms = Terms(key="mine")
    pairs = [first(f"job-{n:02}", terms=terms) for n in range(32)]
    ids = await asyncio.gather(*(store.create(record, [event], DIGEST) for record, event in pairs))
    assert len(set(ids)) == 1
    assert [job.id for job in (await store.page(100, None)).jobs] == [ids[0]]


async def test_a_key_lasts_as_long_as_its_job(reopen: Callable[[], Store]) -> None:
    """It is known to whoever opens the store again, and free when its job is deleted."""
    store = reopen()
    terms = Terms(key="mine")
    record, event = first("job-a", terms=terms)
    await store.create(record, [event], DIGEST)
    await store.close()
    store = reopen()
    again, its_first = first("job-b", terms=terms)
    assert await store.create(again, [its_first], DIGEST) == "job-a"
    await grown(store, record, [EndEvent(job_id="job-a", seq=2, at=AT, data=EndData(state=State.CANCELLED))])
    await store.delete(["job-a"])
    assert await store.create(again, [its_first], "1" * 64) == "job-b"
    await store.close()


async def test_each_opening_is_an_epoch(reopen: Callable[[], Store]) -> None:
    """The number is one higher each time."""
    epochs = []
    for _ in range(3):
        store = reopen()
        epochs.append(store.epoch)
        await store.close()
    assert epochs == [1, 2, 3]


async def test_who_was_followed_writes_nothing(reopen: Callable[[], Store], tmp_path: Path) -> None:
    """A store that another was opened after refuses every write with a typed error, and can still be read."""
    old = reopen()
    record, _ = await written(old, "job-a", 1), await ended(old, "job-b")
    for lock in tmp_path.glob("*.lock"):
        lock.unlink()  # as where locks are not kept: else nobody gets as far as this
    new = reopen()
    before = await everything(new, ["job-a", "job-b"])
    other, event = first("job-c")
    for write in (
        old.create(other, [event], DIGEST),
        old.append(fold(record, lines("job-a", 3, 1)[0]), lines("job-a", 3, 1)),
        old.delete(["job-b"]),
    ):
        with pytest.raises(StaleEpoch) as caught:
            await write
        assert (caught.value.epoch, caught.value.newest) == (1, 2)
    assert await everything(new, ["job-a", "job-b"]) == await everything(old, ["job-a", "job-b"]) == before
    assert await store_ids(new) == ["job-b", "job-a"]
    await old.close()
    await grown(new, record, lines("job-a", 3, 1))
    await new.close()
    store = reopen()
    assert (await store.get("job-a")).last_seq == 3
    await store.close()


async def store_ids(store: Store) -> list[str]:
    """All ids, newest first."""
    return [job.id for job in (await store.page(1000, None)).jobs]


async def test_unfinished_jobs_are_listed_oldest_first(reopen: Callable[[], Store]) -> None:
    """Those that have not ended, whole but for their results, also after the store was opened again."""
    store = reopen()
    records = [await written(store, f"job-{name}", 1) for name in "cab"]
    await ended(store, "job-d")
    records[0] = await grown(store, records[0], all_kinds("job-c")[1:2])
    assert list(await store.unfinished()) == records
    await store.close()
    store = reopen()
    assert list(await store.unfinished()) == records
    await grown(store, records[1], [EndEvent(job_id="job-a", seq=3, at=AT, data=EndData(state=State.LOST))])
    assert [record.id for record in await store.unfinished()] == ["job-c", "job-b"]
    await store.close()


async def test_jobs_that_ended_are_listed_by_when_they_did(store: Store) -> None:
    """First ended first; only so many, only those that had ended by then, only of some operations."""
    ends = {
        "job-a": (HIVE_LIST, 3),
        "job-b": (ModelList(), 1),
        "job-c": (HIVE_LIST, 2),
        "job-d": (ModelDelete(model="m"), 4),
    }
    for job_id, (operation, second) in ends.items():
        await ended(store, job_id, operation, AT + timedelta(seconds=second))
    await written(store, "job-e", 1)

    async def listed(**how: Any) -> str:
        return "".join(job.id[-1] for job in await store.ended(**{"limit": 10, **how}))

    assert await listed() == "bcad"
    assert await listed(limit=2) == "bc"
    assert await listed(before=AT + timedelta(seconds=3)) == "bca"
    assert await listed(before=AT + timedelta(seconds=3, microseconds=-1)) == "bc"
    assert await listed(before=AT) == await listed(operations=[]) == await listed(operations=["infer"]) == ""
    assert await listed(operations=["hive_list", "model_delete"]) == "cad"
    assert await listed(operations=["hive_list"], before=AT + timedelta(seconds=2), limit=1) == "c"
    (job,) = await store.ended(1)
    assert (job.operation, job.ended_at) == ("model_list", AT + timedelta(seconds=1))


async def test_what_a_job_takes_is_known(store: Store) -> None:
    """A longer log takes more, and so does the whole store; less when it is deleted."""
    await ended(store, "job-a", at=AT)
    await ended(store, "job-b", at=AT + timedelta(seconds=1), lines=20_000)
    small, large = await store.ended(10)
    assert 0 < small.size < 10_000 < large.size
    before = await store.size()
    assert before >= small.size + large.size
    await store.delete(["job-b"])
    assert await store.size() <= before - large.size / 2


async def test_what_is_deleted_is_gone(reopen: Callable[[], Store]) -> None:
    """Its record, its log, its place in the list: nothing of it is left, and all else is, also after it was opened again."""
    store = reopen()
    for job_id in ("job-a", "job-b", "job-c"):
        await ended(store, job_id, lines=3)
    rest = await everything(store, ["job-a", "job-c"])
    await store.delete(["job-b", "job-none", "job-b"], scrub=True)
    for _ in range(2):
        assert await store.get("job-b") is None
        assert [*await store.find("job-b"), *await store.read("job-b", 0, 10)] == []
        assert await store_ids(store) == ["job-c", "job-a"]
        assert [job.id for job in await store.ended(10)] == ["job-a", "job-c"]
        assert (await everything(store, ["job-a", "job-c"]))[:2] == rest[:2]
        await store.delete(["job-b"])
        await store.delete([])
        await store.close()
        store = reopen()
    await ended(store, "job-b")  # the id is free
    await store.close()


async def test_what_is_at_work_is_not_deleted(store: Store) -> None:
    """One that has not ended among others refuses them all, and nothing is removed."""
    await ended(store, "job-a")
    await written(store, "job-b", 1)
    before = await everything(store, ["job-a", "job-b"])
    with pytest.raises(Conflict):
        await store.delete(["job-a", "job-b"])
    assert await everything(store, ["job-a", "job-b"]) == before


async def test_nothing_comes_after_an_end(store: Store) -> None:
    """The log of a job that has ended is closed."""
    record = await ended(store, "job-a")
    before = await everything(store, ["job-a"])
    with pytest.raises(Conflict):
        await store.append(record, lines("job-a", 3, 1))
    assert await everything(store, ["job-a"]) == before


async def test_a_log_that_is_not_there_is_empty(store: Store) -> None:
    """Reading an unknown job gives nothing, and writing to it is refused."""
    await written(store, "job-a", 1)
    record, _ = first("job-b")
    for job_id in ("job-b", "", "job-", "*", "job-a\x00", "x" * 100_000):
        assert list(await store.read(job_id, 0, 10)) == []
    assert await store.get("job-a\x00") is None
    assert list(await store.find("%")) == []
    with pytest.raises(Conflict):
        await store.append(record, lines("job-b", 2, 1))


@pytest.mark.parametrize("batches", [1, 12])
async def test_every_event_lasts_byte_for_byte(reopen: Callable[[], Store], batches: int) -> None:
    """Events of all kinds, written at once or one by one, are the same lines when they are read, and after a restart."""
    store = reopen()
    record, event = first("job-a", Infer(prompt="é \N{HONEYBEE}", stop=("a", "b")), Terms(key="k", retry=3))
    await store.create(record, [event], DIGEST)
    log = all_kinds("job-a")
    size = len(log) // batches
    for start in range(0, len(log), size):
        record = await grown(store, record, log[start : start + size])
    written_lines = [each.line for each in [event, *log]]
    for _ in range(2):
        assert [each.line for each in await store.read("job-a", 0, 100)] == written_lines
        assert [each.line for each in await store.read("job-a", 10, 2)] == written_lines[10:12]
        assert await store.get("job-a") == record
        (listed,) = (await store.page(1, None)).jobs
        assert listed == record.model_copy(update={"result": None})
        await store.close()
        store = reopen()
    await store.close()


async def test_an_attempt_counts_its_pieces_anew(reopen: Callable[[], Store]) -> None:
    """After an attempt the record counts from 0, and knows attempt and epoch, also when the store is opened again."""
    store = reopen()
    record, event = first("job-a", Infer(prompt="x"))
    await store.create(record, [event], DIGEST)
    log = all_kinds("job-a")
    expected = {4: (4, 1, 0), 7: (0, 2, 7), 9: (2, 2, 7)}
    for number, each in enumerate(log[:-2]):
        record = await grown(store, record, [each])
        if number in expected:
            kept = await store.get("job-a")
            assert (kept.tokens, kept.attempt, kept.epoch) == expected[number], number
    await store.close()
    store = reopen()
    (kept,) = await store.unfinished()
    assert (kept.tokens, kept.attempt, kept.epoch, kept.epoch_seq) == (2, 2, 7, 9)
    record = await grown(store, kept, log[-2:])
    assert (record.epoch, record.epoch_seq, (await store.get("job-a"))) == (8, 17, record)
    await store.close()


async def test_a_cursor_outlives_what_is_deleted(store: Store) -> None:
    """Where jobs are deleted and others come between two pages, each of the rest is seen once."""
    for n in range(9):
        await ended(store, f"job-{n}")
    page = await store.page(3, None)
    await store.delete(["job-8", "job-6", "job-5", "job-2"])
    await ended(store, "job-late")
    seen: list[str] = []
    while page.next is not None:
        page = await store.page(2, page.next)
        seen += [job.id for job in page.jobs]
    assert seen == ["job-4", "job-3", "job-1", "job-0"]


def step_of(choice: str, text: str, record: JobRecord, at: datetime) -> list[Event]:
    """What may come next in a log: an event of a kind, or a result and its end."""
    base: dict[str, Any] = {"job_id": record.id, "seq": record.last_seq + 1, "at": at}
    match choice:
        case "log":
            return [LogEvent(**base, data=Log(text=text))]
        case "progress":
            return [ProgressEvent(**base, data=Progress(what=text, done=len(text), total=None, unit="steps"))]
        case "metrics":
            return [MetricsEvent(**base, data=Metrics(values={text: len(text) / 3}))]
        case "content" | "reasoning":
            cuts = tuple(range(1, len(text) + 1))
            data = TokenData(i=record.tokens, text=text, cuts=cuts, dt_ms=(0.125,) * len(cuts), channel=choice)
            return [TokenEvent(**base, data=data)]
        case "attempt":
            return [AttemptEvent(**base, data=AttemptData(n=record.attempt + 1, reason=text, epoch=record.epoch + 1))]
        case "succeeded":
            result = ResultEvent(**base, data=ResultData(result={"text": text}))
            return [result, EndEvent(**{**base, "seq": record.last_seq + 2}, data=EndData(state=State.SUCCEEDED))]
        case "failed" | "lost" | "cancelled":
            problem = Problem(kind="JobLost", what=text)
            return [EndEvent(**base, data=EndData(state=State(choice), reason=text, error=problem))]
    return [StateEvent(**base, data=StateData(state=State(choice), reason=text))]


STEPS = st.sampled_from(
    ["log", "progress", "metrics", "content", "content", "reasoning", "attempt"]
    + [str(state) for state in (*State, State.RUNNING) if state is not State.QUEUED]
)
TEXTS = st.text(max_size=8) | st.just("x" * 700)  # more than a chunk holds
NUMBERS = st.integers(0, 100)


TIMES = st.none() | st.integers(-9, 9).map(lambda second: AT + timedelta(seconds=second))
FILTERS = st.builds(
    JobFilter,
    state=st.lists(st.sampled_from(State), max_size=2).map(tuple),
    operation=st.lists(st.sampled_from(["infer", "hive_list", "none"]), max_size=2).map(tuple),
    hive=st.sampled_from([None, None, "local"]),
    worker=st.sampled_from([None, None, None, "w"]),
    model=st.sampled_from([None, None, None, "m"]),
    tags=st.sets(st.sampled_from("ab")).map(tuple),
    created_after=TIMES,
    created_before=TIMES,
    ended_after=TIMES,
    ended_before=TIMES,
    reads=st.booleans(),
)
"""Which jobs are listed; mostly some of those that there are."""


class Twins(RuleBasedStateMachine):
    """The durable store and the one in memory, told the same: what the one says, the other says."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.runner = asyncio.Runner()
        self.memory = Memory()
        self.records: dict[str, JobRecord] = {}
        self.made = self.moments = 0
        self.open()

    def open(self) -> None:
        """Open both, again perhaps."""
        self.stores: list[Store] = [MemoryStore(self.memory), SqliteStore.open(self.folder / "jobs.db", World())]
        assert self.stores[0].epoch == self.stores[1].epoch

    def moment(self, jump_s: int) -> datetime:
        """A time that was not before, for what ends at one time ends in no order."""
        self.moments += 1
        return AT + timedelta(seconds=jump_s, microseconds=self.moments)

    def both(self, ask: Callable[[Store], Awaitable[Any]]) -> Any:
        """What both say, or how both refuse."""

        async def asked(store: Store) -> Any:
            try:
                answer = await ask(store)
            except QueenError as error:
                return error.kind
            return list(answer) if isinstance(answer, Sequence) and not isinstance(answer, str) else answer

        first_said, then_said = [self.runner.run(asked(store)) for store in self.stores]
        assert first_said == then_said
        return first_said

    def pick(self, number: int) -> str:
        """One of the jobs that there were, or none."""
        ids = [*self.records, "job-none"]
        return ids[number % len(ids)]

    @rule(
        key=st.sampled_from([None, None, "a", "b"]),
        digest=st.sampled_from(["0" * 64, "1" * 64]),
        operation=st.sampled_from([HIVE_LIST, ModelList(), Infer(prompt="é"), Infer(prompt="x", model="m", worker_id="w")]),
        number=NUMBERS,
        tags=st.sets(st.sampled_from("ab")).map(tuple),
        jump_s=st.integers(-9, 9),
    )
    def create(
        self, key: str | None, digest: str, operation: Operation, number: int, tags: tuple[str, ...], jump_s: int
    ) -> None:
        """A new job, perhaps of a key or an id that is taken."""
        self.made += 1
        job_id = f"job-{number % 10}{self.made}" if number % 7 else self.pick(number)
        record, event = first(job_id, operation, Terms(key=key, tags=tags), self.moment(jump_s))
        if self.both(lambda store: store.create(record, [event], digest)) == job_id:
            self.records.setdefault(job_id, record)

    @rule(number=NUMBERS, steps=st.lists(st.tuples(STEPS, TEXTS, st.integers(-9, 9)), min_size=1, max_size=8))
    def append(self, number: int, steps: list[tuple[str, str, int]]) -> None:
        """More of a log: what the table of states allows, and where it has ended or is not there, what must be refused."""
        job_id = self.pick(number)
        before = record = self.records.get(job_id) or first(job_id)[0]
        events: list[Event] = []
        for choice, text, jump_s in steps:
            step = step_of(choice, text, record, self.moment(jump_s))
            with suppress(IllegalTransition):
                record = reduce(fold, step, record)
                events += step
            if record.state.ended:
                break
        if before.state.ended:
            events = [LogEvent(job_id=job_id, seq=before.last_seq + 1, at=AT, data=Log(text="late"))]
        if events and self.both(lambda store: store.append(record, events)) is None and job_id in self.records:
            self.records[job_id] = record

    @rule(number=NUMBERS, skip=st.integers(-3, 3).filter(bool))
    def leave_out(self, number: int, skip: int) -> None:
        """Events that do not follow."""
        record = self.records.get(job_id := self.pick(number)) or first(job_id)[0]
        events = lines(job_id, max(1, record.last_seq + 1 + skip), 2)
        assert self.both(lambda store: store.append(record, events)) == "Conflict"

    @rule(numbers=st.lists(NUMBERS, max_size=4), scrub=st.booleans())
    def delete(self, numbers: list[int], scrub: bool) -> None:
        """Some jobs, if all of them have ended."""
        ids = [self.pick(number) for number in numbers]
        if self.both(lambda store: store.delete(ids, scrub=scrub)) is None:
            self.records = {job_id: record for job_id, record in self.records.items() if job_id not in ids}

    @precondition(lambda self: self.records)
    @rule(number=NUMBERS, after=st.integers(0, 40), limit=st.integers(1, 40))
    def look(self, number: int, after: int, limit: int) -> None:
        """At one job, and at those with ids like its own."""
        job_id = self.pick(number)
        assert self.both(lambda store: store.get(job_id)) == self.records.get(job_id)
        self.both(lambda store: store.read(job_id, after, limit))
        for prefix in (job_id, job_id[:-1]):
            alike = {each for each in self.records if each.startswith(prefix)}
            for store in self.stores:
                found = self.runner.run(ids_like(store, prefix))
                assert len(found) == min(2, len(alike))
                assert set(found) <= alike

    @rule(limit=st.integers(1, 5), jump_s=st.integers(-9, 9))
    def list_all(self, limit: int, jump_s: int) -> None:
        """All jobs, page by page; those that have not ended, and those that have."""
        pages = self.both(lambda store: all_pages(store, limit))
        seen = [job.id for jobs in pages for job in jobs]
        assert sorted(seen) == sorted(self.records)
        assert self.both(lambda store: store.unfinished()) == [self.records[i] for i in seen[::-1] if not self.ended(i)]
        for before, operations in ((None, None), (AT + timedelta(seconds=jump_s), None), (None, ["infer", "hive_list"])):

            async def listed(store: Store, before: Any = before, operations: Any = operations) -> list[str]:
                return [job.id for job in await store.ended(limit * 3, before=before, operations=operations)]

            self.both(listed)

    @rule(limit=st.integers(1, 5), wanted=FILTERS)
    def list_some(self, limit: int, wanted: JobFilter) -> None:
        """Those of one filter, page by page: the ones of all jobs that it admits, in the same order."""
        listed = [job for jobs in self.both(lambda store: all_pages(store, 1000)) for job in jobs]
        chosen = [job for jobs in self.both(lambda store: all_pages(store, limit, wanted)) for job in jobs]
        assert chosen == [job for job in listed if wanted.admits(job)]

    def ended(self, job_id: str) -> bool:
        """Whether a job has ended."""
        return self.records[job_id].state.ended

    @rule()
    def reopen(self) -> None:
        """Both are opened again."""
        self.both(lambda store: store.close())
        self.open()

    def teardown(self) -> None:
        """Every log is the same, byte for byte."""
        try:
            for job_id in self.records:
                assert self.both(lambda store, job_id=job_id: store.get(job_id)) == self.records[job_id]  # type: ignore[misc]
                logs = [self.runner.run(log_lines(store, job_id)) for store in self.stores]
                assert logs[0] == logs[1]
            self.both(lambda store: store.close())
        finally:
            self.runner.close()
            shutil.rmtree(self.folder)


async def all_pages(store: Store, limit: int, wanted: JobFilter = ALL) -> list[Sequence[JobRecord]]:
    """All jobs, or those of a filter, page by page."""
    page = await store.page(limit, None, wanted)
    pages: list[Sequence[JobRecord]] = [page.jobs]
    while page.next is not None:
        page = await store.page(limit, page.next, wanted)
        pages.append(page.jobs)
    return pages


async def ids_like(store: Store, prefix: str) -> list[str]:
    """Ids that begin with a prefix."""
    return list(await store.find(prefix))


async def log_lines(store: Store, job_id: str) -> list[bytes]:
    """A whole log, as lines."""
    return [event.line for event in await store.read(job_id, 0, 10**6)]


TWINS = settings(deadline=None, print_blob=True, phases=[Phase.explicit, Phase.reuse, Phase.generate])


def test_both_stores_say_the_same() -> None:
    """Whatever they are told, in whichever order: answers, refusals, records, pages and bytes are equal."""
    run_state_machine_as_test(Twins, settings=settings(TWINS, max_examples=25, stateful_step_count=20))


@pytest.mark.full
@pytest.mark.timeout(600)
def test_both_stores_say_the_same_for_long() -> None:
    """The same, for many longer stories."""
    run_state_machine_as_test(Twins, settings=settings(TWINS, max_examples=120, stateful_step_count=40))
