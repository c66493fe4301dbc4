"""Looks at the database: pages without a hole, and no wrong byte that is taken for what was written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queenlib.errors import StoreUnusable
from queenlib.messages.events import EndData, Event
from queenlib.messages.job import JobRecord
from queenlib.messages.state import State
from queenlib.registry.sqlite.chunk import place_of
from queenlib.registry.sqlite.reading import Reading
from tests.registry.sqlite.logs import AT, Kept, ending, event_of, lines, logs, record_of_log

ENDED, LIVE = "job-a", "job-b"
LOGS: Mapping[str, list[Event]] = {
    ENDED: [*lines(ENDED, 1, 40), *ending(ENDED, 41, {"text": "an answer", "usage": {"tokens": 12}})],
    LIVE: lines(LIVE, 1, 30),
}
DAMAGED = "damaged"
NUMBERS = {
    "jobs": ("ended_at", "crc"),
    "requests": ("number", "crc"),
    "results": ("number", "crc"),
    "chunks": ("place", "at", "before", "count", "tokens", "crc"),
}
"""The numbers of each table that say something of a job: `jobs.number` is what the others are bound by."""
BODIES = {"jobs": "head", "requests": "body", "results": "body", "chunks": "body"}

View = Callable[[Reading], Any]


def views_of(name: str) -> dict[str, View]:
    """All that can be seen of one job."""

    def read(after: int, limit: int) -> View:
        return lambda reading: list(reading.read(name, after, limit))

    parts = {f"read {name} from {after}": read(after, 5) for after in (0, 7, 24, 29, 38)}
    return {f"get {name}": lambda reading: reading.get(name), f"read {name}": read(0, 1000), **parts}


VIEWS: Mapping[str, View] = {
    **views_of(ENDED),
    **views_of(LIVE),
    "page": lambda reading: reading.page(10, None),
    "unfinished": lambda reading: list(reading.unfinished()),
    "ended": lambda reading: [(job.id, job.operation, job.ended_at) for job in reading.ended(10, None, None)],
}
"""All that can be seen of two jobs; what they take on the disk is what is there, whole or not."""


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    """A database with a job that has ended and one that has not."""
    made = Kept(tmp_path / "jobs.db")
    for log in LOGS.values():
        made.keep(log)
    yield made
    made.db.close()


@pytest.fixture
def stranger(kept: Kept) -> Iterator[apsw.Connection]:
    """Another program's connection, which may write what it likes."""
    made = apsw.Connection(str(kept.path))
    yield made
    made.close()


def seen(reading: Reading) -> dict[str, Any]:
    """What each view gives, or that it says that the store is damaged."""
    found = dict[str, Any]()
    for name, view in VIEWS.items():
        try:
            found[name] = view(reading)
        except StoreUnusable as error:
            found[name] = DAMAGED if error.fault == "damaged" else error
    return found


def assert_seen(kept: Kept, truth: Mapping[str, Any], what: str, *, counted: bool = True) -> None:
    """Each view is right or says that the store is damaged, and one at least says so.

    Args:
        kept: The database.
        truth: What is right.
        what: What was done to it.
        counted: Whether records have to tell the length of the log that was written, and not of the one that is there.
    """
    found = seen(kept.reading)
    assert DAMAGED in found.values(), f"{what}: nobody says that it is damaged"
    for name, each in found.items():
        right = truth[name]
        if not counted and name in ("page", f"get {ENDED}"):
            each, right = uncounted(each), uncounted(right)
        assert each in (right, DAMAGED), f"{what}: {name}"


def uncounted(found: Any) -> Any:
    """A record or a page without the lengths of logs."""
    if isinstance(found, JobRecord):
        return found.model_copy(update={"last_seq": 0, "tokens": 0})
    return [uncounted(record) for record in found[0]] if isinstance(found, tuple) else found


def each_wrong(
    kept: Kept, stranger: apsw.Connection, table: str, column: str, wrongs: Callable[[Any], Iterator[Any]]
) -> int:
    """Write each wrong value over a right one, look, and put the right one back; how many there were."""
    truth, done = seen(kept.reading), 0
    assert DAMAGED not in truth.values()
    rows = kept.rows(f"SELECT rowid, {column} FROM {table} ORDER BY rowid")
    if column == "place":
        rows.pop()  # a live log without its last chunk is a shorter log: it is the mark that knows of more
    for row, right in rows:
        for wrong in wrongs(right):
            write = f"UPDATE {table} SET {column} = ? WHERE rowid = ?"
            moved = wrong if column in ("number", "place") else row
            try:
                stranger.execute(write, (wrong, row))
            except apsw.ConstraintError:  # another row is there
                continue
            assert_seen(kept, truth, f"{table}.{column} {right!r} was made {wrong!r}", counted=column != "place")
            stranger.execute(write, (right, moved))
            done += 1
    assert seen(kept.reading) == truth
    return done


def flipped_bits(number: int | None) -> Iterator[int]:
    """A number with each of its bits another."""
    for bit in range(63) if number is not None else ():
        yield int(number or 0) ^ 1 << bit


def flipped_bytes(body: bytes, step: int = 13) -> Iterator[bytes]:
    """Some bytes with some of them another, a bit each."""
    for byte in range(0, len(body), step):
        changed = bytearray(body)
        changed[byte] ^= 1 << byte % 8
        yield bytes(changed)


@pytest.mark.parametrize(("table", "column"), [(table, column) for table, found in NUMBERS.items() for column in found])
def test_a_wrong_number_is_never_taken_for_right(kept: Kept, stranger: apsw.Connection, table: str, column: str) -> None:
    """Each bit of each number in each row: who looks at it is told that the store is damaged; nobody sees another job."""
    assert each_wrong(kept, stranger, table, column, flipped_bits) >= 60


@pytest.mark.parametrize("table", sorted(BODIES))
def test_a_wrong_byte_is_never_taken_for_right(kept: Kept, stranger: apsw.Connection, table: str) -> None:
    """A byte of a record, a request, a result or a log: it is found when it is read, and there is no wrong event."""
    assert each_wrong(kept, stranger, table, BODIES[table], flipped_bytes) >= 3


@pytest.mark.full
@pytest.mark.parametrize("table", sorted(BODIES))
def test_no_wrong_byte_is_ever_taken_for_right(kept: Kept, stranger: apsw.Connection, table: str) -> None:
    """Every byte of all of them."""
    count = sum(len(body) for (body,) in kept.rows(f"SELECT {BODIES[table]} FROM {table}"))
    assert each_wrong(kept, stranger, table, BODIES[table], lambda body: flipped_bytes(body, 1)) == count


@pytest.mark.parametrize("table", ["requests", "results", "chunks"])
def test_a_row_that_is_gone_is_missed(kept: Kept, stranger: apsw.Connection, table: str) -> None:
    """Whichever row it is, of the parts of a job: its readers are told, and see no hole and no early end."""
    truth = seen(kept.reading)
    rows = kept.rows(f"SELECT rowid, * FROM {table}")
    assert rows
    for row, *columns in rows:
        last_of_live = table == "chunks" and row == max(each for each, *_ in rows)
        stranger.execute(f"DELETE FROM {table} WHERE rowid = ?", (row,))
        if last_of_live:  # no more of it was written, as far as one can see: the mark knows
            assert [event.seq for event in kept.reading.read(LIVE, 0, 1000)] == list(range(1, row - place_of(2, 0)))
        else:
            assert_seen(kept, truth, f"{table} without {row}", counted=False)
        stranger.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(columns))})", columns)
    assert seen(kept.reading) == truth


def test_a_log_without_any_row_is_missed(kept: Kept, stranger: apsw.Connection) -> None:
    """No job is without its first event."""
    stranger.execute("DELETE FROM chunks")
    for name in LOGS:
        with pytest.raises(StoreUnusable):
            kept.reading.get(name)
        with pytest.raises(StoreUnusable):
            kept.reading.read(name, 0, 10)


def test_an_older_row_is_missed(kept: Kept, stranger: apsw.Connection) -> None:
    """A disk that has lost a write gives what was there before, CRC and all: a log that has ended tells by its end."""
    log = [*lines("job-c", 1, 10), *ending("job-c", 11)]
    kept.keep(log[:10])
    ((place, *old),) = kept.rows("SELECT * FROM chunks WHERE place >= ?", place_of(3, 0))
    kept.grow(log, log[10:])
    assert kept.reading.read("job-c", 0, 100) == log
    stranger.execute("REPLACE INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?)", (place, *old))
    for after in (0, 5, 10, 11):
        with pytest.raises(StoreUnusable):
            kept.reading.read("job-c", after, 100)


def test_rows_that_have_changed_places_are_found(kept: Kept, stranger: apsw.Connection) -> None:
    """A chunk in the place of another, and a request or a result under another job, are whole and yet wrong."""
    truth = seen(kept.reading)
    for table in ("requests", "chunks"):
        (one, *right), *_, (_, *wrong) = kept.rows(f"SELECT rowid, body, crc FROM {table} ORDER BY 1")
        for said in (wrong, right):
            stranger.execute(f"UPDATE {table} SET body = ?, crc = ? WHERE rowid = ?", (*said, one))
            if said is wrong:
                assert_seen(kept, truth, table)
    assert seen(kept.reading) == truth


def test_what_is_damaged_says_which_job_and_what_to_do(kept: Kept, stranger: apsw.Connection) -> None:
    """The error names the file, the part and the way to salvage what is left."""
    stranger.execute("UPDATE requests SET crc = crc + 1 WHERE number = 1")
    with pytest.raises(StoreUnusable) as caught:
        kept.reading.get(ENDED)
    assert (caught.value.fault, caught.value.path) == ("damaged", str(kept.path))
    assert "the request of job-a" in caught.value.what
    assert "salvage" in caught.value.next
    assert kept.reading.get(LIVE) == record_of_log(LOGS[LIVE]), "another job is not hurt"


@settings(max_examples=40, deadline=None)
@given(logs(min_size=1, max_size=30), st.data())
def test_a_log_is_read_in_any_pages(log: list[Event], data: st.DataObject) -> None:
    """After any event and up to any count: just those, with the same bytes, wherever its rows begin."""
    kept = Kept()
    kept.keep(log)
    for _ in range(5):
        after, limit = data.draw(st.integers(0, len(log) + 2)), data.draw(st.integers(1, len(log) + 2))
        found = kept.reading.read(log[0].job_id, after, limit)
        assert [event.line for event in found] == [event.line for event in log[after : after + limit]]
    assert kept.reading.read("job-none", 0, 10) == []


def test_a_long_log_is_read_from_its_end_without_its_beginning(kept: Kept, stranger: apsw.Connection) -> None:
    """What comes after an event is looked up, not searched for: rows before it are not touched."""
    log = lines("job-c", 1, 3000)
    kept.keep(log)
    stranger.execute("UPDATE chunks SET body = x'00' WHERE place >= ? AND place < ?", (place_of(3, 0), place_of(3, 2500)))
    assert kept.reading.read("job-c", 2990, 100) == log[2990:]
    with pytest.raises(StoreUnusable):
        kept.reading.read("job-c", 0, 10)


@given(st.integers(1, 12), st.integers(1, 5))
@settings(max_examples=20, deadline=None)
def test_pages_of_jobs_leave_none_out(count: int, limit: int) -> None:
    """Newest first, each once, also while jobs come and go; the last page says that it is the last."""
    kept = Kept()
    names = [f"job-{n:02}" for n in range(count)]
    for name in names:
        kept.keep([*lines(name, 1, 1), *ending(name, 2, {"text": name})])
    found, before = list[str](), None
    while True:
        jobs, more = kept.reading.page(limit, before)
        assert all(job.result is None and job.last_seq == 3 for job in jobs)
        found += [job.id for job in jobs]
        if len(found) == limit:
            kept.keep(lines("job-new", 1, 1))
        if more is None:
            break
        assert len(jobs) == limit
        before = more
    assert found == names[::-1]
    assert kept.reading.page(limit, 1) == ([], None)


@pytest.mark.parametrize(
    ("prefix", "found"),
    [
        ("job-aa", ["job-aa"]),
        ("job-a", ["job-aa", "job-ab"]),
        ("job-", ["job-%", "job-_x"]),
        ("job-%", ["job-%"]),
        ("job-_", ["job-_x"]),
        ("job-z", []),
        ("JOB-A", []),
        ("job-aa2", []),
        ("zeta\U0010ffff", []),
        ("ze", ["zeta", "zeté"]),
    ],
)
def test_a_prefix_is_itself(prefix: str, found: list[str]) -> None:
    """Two ids at most, and no sign in a prefix stands for others."""
    kept = Kept()
    for name in ("job-aa", "job-ab", "job-ac", "job-%", "job-_x", "zeta", "zeté"):
        kept.keep(lines(name, 1, 1))
    assert kept.reading.find(prefix) == found


def test_unfinished_jobs_are_oldest_first() -> None:
    """In the order of their creation, whatever they are called; those that have ended are not among them."""
    kept = Kept()
    for name in ("job-c", "job-a", "job-b"):
        kept.keep(lines(name, 1, 3))
    kept.keep([*lines("job-d", 1, 3), *ending("job-d", 4)])
    assert kept.reading.unfinished() == [record_of_log(lines(name, 1, 3)) for name in ("job-c", "job-a", "job-b")]


@pytest.fixture
def over() -> Kept:
    """Jobs that ended at the seconds of their names, created in another order, of two operations."""
    kept = Kept()
    for second, operation in ((3, "infer"), (1, "hive_list"), (2, "infer"), (0, "model_list")):
        end = event_of(EndData(state=State.CANCELLED), 3, AT + timedelta(seconds=second), f"job-{second}")
        kept.keep([*lines(f"job-{second}", 1, 2), end], operation=operation)
    kept.keep(lines("job-live", 1, 3))
    return kept


def test_ended_jobs_are_in_the_order_of_their_ends(over: Kept) -> None:
    """Those that ended first are the first that go; those that live are not among them."""
    found = over.reading.ended(10, None, None)
    assert [job.id for job in found] == ["job-0", "job-1", "job-2", "job-3"]
    assert [job.ended_at for job in found] == [AT + timedelta(seconds=second) for second in range(4)]
    assert [job.operation for job in found] == ["model_list", "hive_list", "infer", "infer"]
    assert over.reading.ended(2, None, None) == found[:2]


def test_ended_jobs_are_chosen_by_time_and_operation(over: Kept) -> None:
    """By then, and not a microsecond later; of these operations, and of none where none is named."""

    def found(before_s: float | None, operations: list[str] | None) -> list[str]:
        before = None if before_s is None else AT + timedelta(seconds=before_s)
        return [job.id for job in over.reading.ended(10, before, operations)]

    assert found(2, None) == ["job-0", "job-1", "job-2"]
    assert found(1.999999, None) == ["job-0", "job-1"]
    assert found(-1, None) == []
    assert found(None, ["infer"]) == ["job-2", "job-3"]
    assert found(2, ["infer", "model_list"]) == ["job-0", "job-2"]
    assert found(None, []) == []
    assert found(None, ["infer') OR ('1'='1"]) == []


def test_the_size_of_a_job_is_that_of_its_rows(over: Kept) -> None:
    """What its log, its record, its request and its result take, in bytes."""
    over.keep([*lines("job-big", 1, 500), *ending("job-big", 501, {"text": "x" * 10_000})])
    *_, big = sorted(over.reading.ended(10, None, None), key=lambda job: job.size)
    assert big.id == "job-big"
    ((log,),) = over.rows("SELECT SUM(LENGTH(body)) FROM chunks WHERE place >= ?", place_of(6, 0))
    bodies = (("head", "jobs"), ("body", "requests"), ("body", "results"))
    sizes = [over.rows(f"SELECT LENGTH({column}) FROM {table} WHERE number = 6")[0][0] for column, table in bodies]
    assert big.size == log + sum(sizes)
    assert sizes[-1] > 10_000


def test_the_size_of_all_is_that_of_the_pages_in_use(kept: Kept) -> None:
    """It grows with what is kept, and shrinks with what is removed, also where the file does not."""
    before = kept.reading.size()
    kept.keep([*lines("job-c", 1, 5000), *ending("job-c", 5001)])
    grown = kept.reading.size()
    assert grown > before + 100_000
    with kept.transaction() as ledger:
        ledger.delete(["job-c"])
    assert before <= kept.reading.size() < before + 20_000
