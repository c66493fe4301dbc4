"""What a handle knows of its job: what its log says, however little of it was folded."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from queenlib.client.known import Known
from queenlib.messages.events import (
    EndData,
    EndEvent,
    Event,
    Log,
    LogEvent,
    ResultData,
    ResultEvent,
    StateData,
    StateEvent,
    TokenData,
    TokenEvent,
)
from queenlib.messages.infer import Infer
from queenlib.messages.job import JobRecord
from queenlib.messages.state import State
from queenlib.registry.fold import begin, fold
from queenlib.registry.pieces import joined

AT = datetime(2026, 1, 2, tzinfo=UTC)
ABOUT: dict[str, Any] = {"job_id": "job-1", "at": AT}
FIRST = StateEvent(**ABOUT, seq=1, data=StateData(state=State.QUEUED))
NEW = begin(Infer(prompt="x"), FIRST)


def event(seq: int, pieces: int) -> Event:
    """A line, or an event with so many pieces of an answer."""
    if not pieces:
        return LogEvent(**ABOUT, seq=seq, data=Log(text="x"))
    cuts = tuple(range(1, pieces + 1))
    return TokenEvent(**ABOUT, seq=seq, data=TokenData(i=0, text="x" * pieces, cuts=cuts, dt_ms=(1.0,) * pieces))


def log(middle: list[int]) -> list[Event]:
    """A log after its first event: it runs, this happens, it ends."""
    happens = [event(3 + n, pieces) for n, pieces in enumerate(middle)]
    last = 3 + len(middle)
    return [
        StateEvent(**ABOUT, seq=2, data=StateData(state=State.RUNNING)),
        *happens,
        ResultEvent(**ABOUT, seq=last, data=ResultData(result={"text": "x"})),
        EndEvent(**ABOUT, seq=last + 1, data=EndData(state=State.SUCCEEDED)),
    ]


def folded(events: list[Event]) -> JobRecord:
    """The record after these events."""
    record = NEW
    for each in events:
        record = fold(record, each)
    return record


@given(middle=st.lists(st.integers(0, 3)), asked=st.sets(st.integers(0, 20)), heard=st.integers(0, 20))
def test_it_is_the_fold_of_what_was_heard(middle: list[int], asked: set[int], heard: int) -> None:
    """At every place, whoever asked for it before; an event that is heard twice, or too early, changes nothing."""
    events = log(middle)
    known = Known(NEW)
    for number, each in enumerate(events, 1):
        known.hear(each)
        known.hear(events[min(heard, len(events) - 1)] if heard != number else each)
        if number in asked:
            assert known.record.last_seq >= number
    assert known.record == folded(events)


@given(middle=st.lists(st.integers(0, 3)))
def test_what_was_joined_counts_as_all_of_it(middle: list[int]) -> None:
    """As if each had come by itself."""
    known = Known(NEW)
    for each in joined(log(middle)):
        known.hear(each)
        assert known.record == folded([event for event in log(middle) if event.seq <= each.seq])


@given(middle=st.lists(st.integers(0, 3)), told=st.integers(0, 10), after=st.integers(0, 10))
def test_what_is_told_counts_if_it_is_not_older(middle: list[int], told: int, after: int) -> None:
    """The newer of both is known, and what is heard goes on from there."""
    events = log(middle)
    known = Known(NEW)
    for each in events[:after]:
        known.hear(each)
    assert known.learn(folded(events[:told])) == folded(events[: max(told, after)])
    for each in events:
        known.hear(each)
    assert known.record == folded(events)
