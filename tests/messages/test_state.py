"""The states of a job."""

from queenlib.messages.state import State


def test_four_states_are_ends() -> None:
    """A job has ended in four states, and in no other."""
    assert {state for state in State if state.ended} == {State.SUCCEEDED, State.FAILED, State.CANCELLED, State.LOST}
    assert [str(state) for state in State if not state.ended] == ["queued", "running", "waiting", "cancelling"]
