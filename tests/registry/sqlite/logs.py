"""Logs and records of every kind, as Hypothesis draws them; and a database without threads, to keep them in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import apsw
from hypothesis import strategies as st

from queenlib.messages.events import (
    AttemptData,
    AttemptEvent,
    Channel,
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
    StateData,
    StateEvent,
    TokenData,
    TokenEvent,
)
from queenlib.messages.job import RETRIES, JobRecord, Start, Terms
from queenlib.messages.state import State
from queenlib.registry.sqlite.connection import open_writer
from queenlib.registry.sqlite.ledger import Ledger
from queenlib.registry.sqlite.reading import Reading
from queenlib.registry.sqlite.schema import MIGRATIONS

JOB = "job-a"
DIGEST = "0" * 64
AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
ODD = '\x00\x1f\n\r\x85\u2028\u2029\ufeff\ufffd\u0301\U0001f41d\U0010ffff"\\é'
"""Characters that somebody, somewhere, treats otherwise."""
CHANNELS: Sequence[Channel] = ("content", "reasoning")
ENDS = [state for state in State if state.ended]

EVENTS: Mapping[type[Any], type[Any]] = {
    StateData: StateEvent,
    Log: LogEvent,
    Progress: ProgressEvent,
    TokenData: TokenEvent,
    Metrics: MetricsEvent,
    AttemptData: AttemptEvent,
    ResultData: ResultEvent,
    EndData: EndEvent,
}
"""Of each kind of data, the event that carries it."""

texts = st.text(st.one_of(st.sampled_from(ODD), st.characters(codec="utf-8")), max_size=24)
"""Any text that can travel: NUL, line ends of every kind, emoji, marks that combine."""
moments = st.one_of(st.datetimes(timezones=st.just(UTC)), st.datetimes(AT.replace(tzinfo=None), timezones=st.just(UTC)))
"""Any time, in UTC: the one after may be earlier."""
counts = st.integers(0, 2**66)
numbers = st.floats(allow_nan=False, allow_infinity=False)
gaps = st.one_of(
    st.integers(0, 10**8).map(lambda microseconds: microseconds / 1000),
    st.sampled_from([0.0, -0.0, 5e-324, 0.001, 0.0005, 2.0**53, 9.3e15, 1e300, 1.7976931348623157e308]),
    st.floats(0, allow_nan=False, allow_infinity=False),
)
"""Times between pieces in milliseconds: mostly whole microseconds, and else whatever there is."""
plain_data = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**80), 2**80), numbers, texts),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=6,
)
"""What JSON has a word for."""
objects = st.dictionaries(texts, plain_data, max_size=4)
problems = st.builds(Problem, kind=texts, what=texts, why=texts, state=texts, next=texts, fields=objects)
levels = st.sampled_from(["debug", "info", "warning", "error"])
ends = st.builds(
    EndData, state=st.sampled_from(ENDS), reason=texts, error=st.none() | problems, epoch=st.none() | st.integers(0, 2**40)
)
"""The data of an end."""
notes = st.one_of(
    st.builds(StateData, state=st.sampled_from(State), reason=texts),
    st.builds(Log, text=texts, level=levels),
    st.builds(
        Progress, what=texts, done=counts, total=st.none() | counts, unit=st.sampled_from(["bytes", "steps", "tokens"])
    ),
    st.builds(Metrics, values=st.dictionaries(texts, numbers, max_size=4)),
    st.builds(AttemptData, n=st.integers(2, 10**6), reason=texts, epoch=st.integers(0, 2**40)),
)
"""The data of whatever event is neither pieces of an answer nor the end of a job."""
keys = st.text(st.characters(min_codepoint=ord("!"), max_codepoint=ord("~")), min_size=1, max_size=255)


@st.composite
def pieces(draw: st.DrawFn, i: int) -> TokenData:
    """Pieces of an answer, of which the first is number `i`; one in four is of a shape that no engine sends."""
    channel = draw(st.sampled_from(CHANNELS))
    if draw(st.integers(0, 3)) == 0:
        cuts, times = draw(st.lists(st.integers(0, 30), max_size=4)), draw(st.lists(gaps, max_size=4))
        return TokenData(i=draw(st.integers(0, 9)), text=draw(texts), cuts=tuple(cuts), dt_ms=tuple(times), channel=channel)
    parts = draw(st.lists(texts, max_size=5))
    times = draw(st.lists(gaps, min_size=len(parts), max_size=len(parts)))
    cuts = list(accumulate(len(part) for part in parts))
    return TokenData(i=i, text="".join(parts), cuts=tuple(cuts), dt_ms=tuple(times), channel=channel)


def event_of(data: Any, seq: int, at: datetime = AT, job_id: str = JOB) -> Event:
    """The event that carries some data."""
    made: Event = EVENTS[type(data)](job_id=job_id, seq=seq, at=at, data=data)
    return made


@st.composite
def logs(
    draw: st.DrawFn, job_id: str = JOB, min_size: int = 0, max_size: int = 12, ended: bool | None = None
) -> list[Event]:
    """A log from event 1 on, with any events in any order; `ended` says whether it has its end."""
    said: list[Any] = []
    tokens = 0
    size = draw(st.integers(min_size, max_size))
    for _ in range(size):
        data = draw(pieces(tokens) | notes)
        tokens = 0 if isinstance(data, AttemptData) else tokens + len(getattr(data, "cuts", ()))
        said.append(data)
    if draw(st.booleans()) if ended is None else ended:
        end = draw(ends)
        said += [ResultData(result=draw(objects)), end] if end.state is State.SUCCEEDED else [end]
    return [event_of(data, seq, draw(moments), job_id) for seq, data in enumerate(said, 1)]


@st.composite
def cuttings(draw: st.DrawFn, log: Sequence[Event]) -> list[Sequence[Event]]:
    """A log in consecutive parts, none of them empty."""
    places = draw(st.sets(st.integers(1, len(log) - 1))) if len(log) > 1 else set[int]()
    edges = [0, *sorted(places), len(log)]
    return [log[start:end] for start, end in pairwise(edges) if start < end]


def result_of(log: Sequence[Event]) -> dict[str, Any]:
    """The result in a log."""
    return next((event.data.result for event in log if isinstance(event, ResultEvent)), {})


@st.composite
def records(draw: st.DrawFn) -> JobRecord:
    """A job's record, whether or not a log folds to it."""
    maybe = st.none() | moments
    starts: Sequence[Start] = ("now", "on_stream")
    terms = Terms(start=draw(st.sampled_from(starts)), key=draw(st.none() | keys), retry=draw(st.integers(0, RETRIES)))
    return JobRecord(
        id=draw(texts),
        operation=draw(texts),
        request=draw(objects),
        state=draw(st.sampled_from(State)),
        reason=draw(texts),
        since=draw(moments),
        created_at=draw(moments),
        started_at=draw(maybe),
        ended_at=draw(maybe),
        last_seq=draw(st.integers(0, 2**32)),
        tokens=draw(st.integers(0, 2**40)),
        terms=terms,
        attempt=draw(st.integers(1, 100)),
        epoch=draw(st.integers(0, 2**40)),
        epoch_seq=draw(st.integers(1, 2**32)),
        error=draw(st.none() | problems),
        result=draw(st.none() | objects),
    )


def record_of_log(log: Sequence[Event], *, key: str | None = None, operation: str = "infer") -> JobRecord:
    """What the record of a job says, at least, when this is its log: how long it is, and how it ended."""
    last, tokens = log[-1], 0
    for event in log:
        tokens = 0 if isinstance(event, AttemptEvent) else tokens + len(getattr(event.data, "cuts", ()))
    return JobRecord(
        id=last.job_id,
        operation=operation,
        request={"operation": operation, "prompt": f"a question of {last.job_id}"},
        state=last.data.state if isinstance(last, EndEvent) else State.RUNNING,
        since=last.at,
        created_at=log[0].at,
        ended_at=last.at if isinstance(last, EndEvent) else None,
        last_seq=last.seq,
        tokens=tokens,
        terms=Terms(key=key),
        error=last.data.error if isinstance(last, EndEvent) else None,
        result=result_of(log) or None,
    )


def lines(job_id: str, start: int, count: int) -> list[Event]:
    """Log events number `start` and on, some thirty bytes each in frames."""
    return [event_of(Log(text=f"line {seq}"), seq, job_id=job_id) for seq in range(start, start + count)]


def ending(job_id: str, seq: int, result: dict[str, Any] | None = None) -> list[Event]:
    """The end of a log from event `seq` on: the result and the end; without one, the job was cancelled."""
    told: list[Any] = [ResultData(result=result)] if result is not None else []
    told.append(EndData(state=State.SUCCEEDED if told else State.CANCELLED))
    return [event_of(data, seq + n, job_id=job_id) for n, data in enumerate(told)]


class _Lost(Exception):
    """A reason to roll back."""


class Kept:
    """A database as its writer's ledger and its readers see it.

    Args:
        path: Its file; without one it lies in memory.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or Path("jobs.db")
        self.db = open_writer(path) if path else apsw.Connection(":memory:")
        for script in MIGRATIONS:
            self.db.execute(script)
        self.db.execute("INSERT INTO meta (store, epoch, removals) VALUES ('00000000-0000-0000-0000-000000000000', 1, 0)")
        self.ledger, self.reading = Ledger(self.db, 1), Reading(self.db, self.path)

    @contextmanager
    def transaction(self) -> Iterator[Ledger]:
        """One transaction, as the writer makes it; an error rolls it back."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            self.ledger.check_epoch()
            yield self.ledger
        except BaseException:
            self.db.execute("ROLLBACK")
            self.ledger.rolled_back()
            raise
        self.db.execute("COMMIT")
        self.ledger.committed()

    def lose(self, log: Sequence[Event], more: Sequence[Event]) -> None:
        """Write `more` of a log that ends with it, or all of it, and roll that back."""
        with suppress(_Lost), self.transaction() as ledger:
            if len(more) == len(log):
                ledger.create(record_of_log(log), log, DIGEST)
            else:
                ledger.append(record_of_log(log), more)
            raise _Lost

    def keep(self, log: Sequence[Event], *, key: str | None = None, operation: str = "infer") -> JobRecord:
        """Keep a whole log: its first event with the job, and what is left in one more step."""
        with self.transaction() as ledger:
            ledger.create(record_of_log(log[:1], key=key, operation=operation), log[:1], DIGEST)
        return self.grow(log, log[1:], key=key, operation=operation) if log[1:] else record_of_log(log[:1], key=key)

    def grow(
        self, log: Sequence[Event], more: Sequence[Event], *, key: str | None = None, operation: str = "infer"
    ) -> JobRecord:
        """Keep `more` of a log that ends with it."""
        record = record_of_log(log, key=key, operation=operation)
        with self.transaction() as ledger:
            ledger.append(record, more)
        return record

    def rows(self, query: str, *given: Any) -> list[Any]:
        """What a query finds."""
        return self.db.execute(query, given).fetchall()
