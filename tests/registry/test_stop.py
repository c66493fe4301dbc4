"""Why a job is stopped: the error in four parts, and the state that it makes."""

import pytest

from queenlib.errors import JobCancelled, JobTimeout, QueenClosed, QueenError
from queenlib.messages.state import State
from queenlib.registry.stop import Stop


@pytest.mark.parametrize(
    ("stop", "kind", "state", "reason"),
    [
        (Stop.cancel("job-a"), JobCancelled, State.CANCELLED, "cancel"),
        (Stop.closed("job-a"), QueenClosed, State.FAILED, "queen_closed"),
        (Stop.timeout("job-a", "queue", 2.5), JobTimeout, State.FAILED, "timeout"),
        (Stop.timeout("job-a", "run", 2.5), JobTimeout, State.FAILED, "timeout"),
        (Stop.timeout("job-a", "wait", 2.5), JobTimeout, State.FAILED, "timeout"),
        (Stop.timeout("job-a", "job", 2.5), JobTimeout, State.FAILED, "timeout"),
    ],
)
def test_each_stop_says_what_it_makes_of_a_job(stop: Stop, kind: type[QueenError], state: State, reason: str) -> None:
    """Class, state and reason belong together, and the error names the job and what to do."""
    assert type(stop.error) is kind
    assert (stop.state, stop.reason) == (state, reason)
    assert "job-a" in stop.error.what
    assert stop.error.state
    assert stop.error.next


def test_a_timeout_names_its_deadline() -> None:
    """Which deadline it was, and how long, can be read and computed with."""
    error = Stop.timeout("job-a", "wait", 2.5).error
    assert (error.deadline, error.limit_s) == ("wait", 2.5)
    assert "2.5 s" in error.what


def test_a_timeout_says_whose_limit_it_was() -> None:
    """That of who created the job is named as it was said, with what to say in its place; the others are the queen's."""
    own, hers = Stop.timeout("job-a", "job", 0.05).error, Stop.timeout("job-a", "run", 0.05).error
    assert own.why == "It was created with timeout=0.05."
    assert own.next == "Create it again with a longer timeout=, or without one."
    assert "the queen's limit" in hers.why
    assert "give the queen longer limits" in hers.next
