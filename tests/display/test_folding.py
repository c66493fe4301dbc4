"""Many answers, one line."""

from queenlib.display.folding import line
from queenlib.messages.state import State
from tests.display.making import snapshot


class Known:
    """A job of which only its record is known."""

    def __init__(self, state: State) -> None:
        self.record = snapshot(state).job


def test_the_line_counts_by_state() -> None:
    """Those that succeeded are done, the others are what they are."""
    jobs = [Known(State.RUNNING)] * 2 + [Known(State.SUCCEEDED)] * 1200 + [Known(State.FAILED)]
    assert line(jobs)["text/plain"] == "1,203 more: 1,200 done, 1 failed, 2 running"  # type: ignore[arg-type]
