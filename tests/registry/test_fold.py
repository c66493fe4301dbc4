"""A job is the fold of its log: any legal story gives dense numbers, one end, and the same record again."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queenlib.errors import IllegalTransition
from queenlib.messages.events import (
    EVENT,
    EndData,
    EndEvent,
    Event,
    Log,
    LogEvent,
    StateData,
    StateEvent,
    TokenData,
    TokenEvent,
)
from queenlib.messages.hive import HiveList
from queenlib.messages.job import JobRecord
from queenlib.messages.state import State
from queenlib.registry.fold import begin, fold
from queenlib.registry.states import STEPS

START = datetime(2026, 1, 1, tzinfo=UTC)


def event_for(choice: State | str, seq: int) -> Event:
    """The event that brings a state, or a line, or two pieces of an answer."""
    base: dict[str, Any] = {"job_id": "job-a", "seq": seq, "at": START + timedelta(seconds=seq)}
    match choice:
        case "log":
            return LogEvent(**base, data=Log(text="x"))
        case "token":
            return TokenEvent(**base, data=TokenData(i=0, text="ab", cuts=(1, 2), dt_ms=(1.0, 2.0)))
        case State() as state if state.ended:
            return EndEvent(**base, data=EndData(state=state))
    return StateEvent(**base, data=StateData(state=State(choice)))


@given(st.lists(st.one_of(st.sampled_from(State), st.sampled_from(["log", "token"])), max_size=30))
def test_any_story_folds_to_one_end_at_most(choices: list[State | str]) -> None:
    """Illegal steps raise and change nothing; what is left is dense, ends once, and folds to the same from its JSON."""
    log: list[Event] = [event_for(State.QUEUED, 1)]
    record = begin(HiveList(), log[0])  # type: ignore[arg-type]
    for choice in choices:
        if record.state.ended:
            break
        event = event_for(choice, record.last_seq + 1)
        if isinstance(choice, State) and choice not in STEPS[record.state]:
            with pytest.raises(IllegalTransition):
                fold(record, event)
        else:
            record = fold(record, event)
            log.append(event)
    assert [event.seq for event in log] == list(range(1, len(log) + 1))
    assert sum(isinstance(event, EndEvent) for event in log) == int(record.state.ended)
    assert refold([EVENT.validate_json(event.line) for event in log]) == record


def refold(log: list[Event]) -> JobRecord:
    """The record of a whole log."""
    record = begin(HiveList(), log[0])  # type: ignore[arg-type]
    for event in log[1:]:
        record = fold(record, event)
    return record


def test_a_record_counts_pieces_and_knows_its_times() -> None:
    """Pieces are counted, and the first `running` and the end are timed."""
    log = [event_for(each, n) for n, each in enumerate([State.QUEUED, State.RUNNING, "token", "token", State.SUCCEEDED], 1)]
    record = refold(log)
    assert (record.tokens, record.started_at, record.ended_at) == (4, log[1].at, log[4].at)


def test_an_event_out_of_turn_is_a_defect() -> None:
    """An event that does not follow the last is never folded."""
    record = begin(HiveList(), event_for(State.QUEUED, 1))  # type: ignore[arg-type]
    with pytest.raises(AssertionError):
        fold(record, event_for("log", 3))
