"""Jobs that were cancelled together."""

from queenlib.messages.cancelled import Cancelled, CancelledJob
from queenlib.messages.state import State


def test_it_reads_as_counts() -> None:
    """How many there were, and what they came to."""
    states = (State.CANCELLED, State.SUCCEEDED, State.CANCELLED)
    several = Cancelled(
        jobs=tuple(CancelledJob(id=f"job-{n}", operation="infer", state=each) for n, each in enumerate(states))
    )
    assert str(several) == "3 jobs: 2 cancelled, 1 succeeded"
    assert repr(Cancelled(jobs=several.jobs[:1])) == "<Cancelled: 1 job: 1 cancelled>"
    assert str(Cancelled(jobs=())) == "0 jobs"
    assert several.ids == ("job-0", "job-1", "job-2")
