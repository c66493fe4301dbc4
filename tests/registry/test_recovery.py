"""What becomes of a job whose queen died: every state, every recovery class, every agreement."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product

import pytest

from queenlib.errors import InvalidOperation, JobCancelled, JobLost
from queenlib.messages.base import Operation, Recovery
from queenlib.messages.hive import HiveGet
from queenlib.messages.infer import Infer
from queenlib.messages.job import JobRecord, Terms
from queenlib.messages.model import ModelDelete
from queenlib.messages.state import State
from queenlib.registry.recovery import DIED, fate, unreadable
from queenlib.registry.states import STEPS

AT = datetime(2026, 1, 2, 14, 2, 11, tzinfo=UTC)
OPERATIONS: dict[Recovery, Operation] = {
    Recovery.READ: HiveGet(hive_id="a"),
    Recovery.CONVERGE: ModelDelete(model="m"),
    Recovery.ONCE: Infer(prompt="x"),
}
PRIVATE = Infer(prompt="secret", private=True)
UNFINISHED = [state for state in State if not state.ended]


def record(
    operation: Operation, state: State, reason: str = "", *, attempt: int = 1, retry: int = 0, tokens: int = 0
) -> JobRecord:
    """A job that had not ended."""
    return JobRecord(
        id="job-a",
        operation=operation.operation,
        request=operation.kept().wire(),
        state=state,
        reason=reason,
        since=AT,
        created_at=AT,
        last_seq=3,
        tokens=tokens,
        attempt=attempt,
        terms=Terms(retry=retry),
    )


@pytest.mark.parametrize("recovery", Recovery)
def test_what_had_not_begun_goes_on(recovery: Recovery) -> None:
    """A queued job is still queued, whatever it is, and however often it was begun before."""
    for attempt in (1, 2):
        what = fate(record(OPERATIONS[recovery], State.QUEUED, attempt=attempt), OPERATIONS[recovery])
        assert (what.deed, what.stop) == ("go on", None)


@pytest.mark.parametrize(
    ("recovery", "state"), [*product([Recovery.READ, Recovery.CONVERGE], [State.RUNNING, State.WAITING])]
)
def test_reads_and_what_converges_begin_anew(recovery: Recovery, state: State) -> None:
    """They do in whichever attempt, though no further one was agreed."""
    for attempt in (1, 7):
        assert fate(record(OPERATIONS[recovery], state, attempt=attempt), OPERATIONS[recovery]).deed == "again"


@pytest.mark.parametrize(
    ("attempt", "retry", "deed"), [(1, 0, "end"), (1, 1, "again"), (2, 1, "end"), (2, 2, "again"), (3, 2, "end")]
)
def test_an_inference_begins_anew_as_often_as_was_agreed(attempt: int, retry: int, deed: str) -> None:
    """Unasked it is not run twice: it is lost."""
    what = fate(record(OPERATIONS[Recovery.ONCE], State.RUNNING, attempt=attempt, retry=retry), OPERATIONS[Recovery.ONCE])
    assert what.deed == deed
    assert (what.stop is None) == (deed == "again")


def test_an_inference_that_had_only_waited_begins_anew() -> None:
    """No word of it has gone to an engine: it needs no leave."""
    assert fate(record(OPERATIONS[Recovery.ONCE], State.WAITING, "slot: 2 ahead"), OPERATIONS[Recovery.ONCE]).deed == "again"


@pytest.mark.parametrize("operation", [*OPERATIONS.values(), PRIVATE])
def test_what_somebody_cancelled_is_cancelled(operation: Operation) -> None:
    """Nothing of its queen outlives her: the work has ended, and the end is the one that was asked for."""
    what = fate(record(operation, State.CANCELLING, "cancel", retry=9), operation)
    assert what.deed == "end"
    assert what.stop is not None
    assert (what.stop.state, what.stop.reason, type(what.stop.error)) == (State.CANCELLED, "cancel", JobCancelled)


@pytest.mark.parametrize(
    ("operation", "reason"), [*product(OPERATIONS.values(), ["timeout", "queen_closed", "store_failed"])]
)
def test_what_was_being_stopped_is_lost(operation: Operation, reason: str) -> None:
    """It is not begun anew, and the error says what it was stopped for."""
    what = fate(record(operation, State.CANCELLING, reason, retry=9), operation)
    assert what.stop is not None
    assert (what.deed, what.stop.state, what.stop.reason) == ("end", State.LOST, DIED)
    assert reason in what.stop.error.why


@pytest.mark.parametrize("state", UNFINISHED)
def test_a_private_job_is_lost_with_its_queen(state: State) -> None:
    """What was asked is written down nowhere, so that nobody can do it, not even if it had not begun."""
    what = fate(record(PRIVATE, state, "timeout", retry=9), PRIVATE)
    assert what.stop is not None
    assert (what.deed, what.stop.state) == ("end", State.LOST)
    assert "private" in what.stop.error.why
    assert "secret" not in str(what.stop.error)


@pytest.mark.parametrize(
    ("operation", "state", "reason", "retry"),
    [*product([*OPERATIONS.values(), PRIVATE], UNFINISHED, ["cancel", "timeout", ""], [0, 1])],
)
def test_every_fate_is_a_step_that_may_be_taken(operation: Operation, state: State, reason: str, retry: int) -> None:
    """Whatever is decided, the table of states has it; only what ends has a reason to end."""
    what = fate(record(operation, state, reason, retry=retry), operation)
    assert (what.stop is not None) == (what.deed == "end")
    if what.stop is not None:
        assert what.stop.state in STEPS[state]
    elif what.deed == "again":
        assert State.QUEUED in STEPS[state]
    else:
        assert state is State.QUEUED


def test_what_is_lost_says_when_and_how_far_it_came() -> None:
    """The error names the job, its state, since when, how much is in its log, and what to do."""
    what = fate(record(OPERATIONS[Recovery.ONCE], State.RUNNING, tokens=1812), OPERATIONS[Recovery.ONCE])
    assert what.stop is not None
    error = what.stop.error
    assert isinstance(error, JobLost)
    assert error.what == "job-a was running when its queen died, since 2026-01-02 14:02:11 UTC."
    assert error.why == "Whether it finished cannot be known."
    assert error.state == "1,812 pieces of its answer are in its log."
    assert "jobs.attach('job-a')" in error.next
    assert "jobs.rerun('job-a')" in error.next
    silent = fate(record(OPERATIONS[Recovery.ONCE], State.RUNNING), OPERATIONS[Recovery.ONCE]).stop
    assert silent is not None
    assert silent.error.state == "What it had written is in its log."


def test_what_cannot_be_read_is_lost_and_says_why() -> None:
    """A job of a version that knew other operations ends, with what is wrong with it."""
    stop = unreadable(record(OPERATIONS[Recovery.READ], State.QUEUED), InvalidOperation("Unknown operation 'x'."))
    assert (stop.state, stop.reason) == (State.LOST, DIED)
    assert "cannot read its operation: Unknown operation 'x'." in stop.error.why
