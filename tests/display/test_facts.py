"""What there is to say of a job in a line."""

from queenlib.display.facts import facts, head, how_far
from queenlib.messages.events import Progress
from queenlib.messages.state import State
from tests.display.making import snapshot


def test_a_waiting_job_says_what_for() -> None:
    """The reason stands beside the state; where it would differ from run to run, it is left out."""
    waiting = snapshot(State.WAITING, reason="slot: 2 ahead")
    assert facts(waiting) == ["infer", "waiting (slot: 2 ahead)"]
    assert facts(waiting, stable=True) == ["infer", "waiting"]
    assert (head(waiting.job), head(waiting.job, stable=True)) == ("Job job-1", "Job")


def test_how_far_something_is() -> None:
    """Bytes are sizes, everything else is counted; a total where it is known."""
    assert how_far(Progress(what="fetch", done=5 * 10**6, total=10**7, unit="bytes")) == "fetch: 5.0 MB of 10.0 MB"
    assert how_far(Progress(what="load", done=1200, total=None, unit="steps")) == "load: 1,200 steps"
    rows = Progress(what="answers", done=90, total=300, unit="rows", per_s=12.34, left_s=17.4)
    assert how_far(rows) == "answers: 90 of 300 rows, 12.3 a second, 17 s left"
