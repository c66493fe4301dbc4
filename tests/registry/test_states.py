"""The table of a job's states."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queenlib.errors import IllegalTransition
from queenlib.messages.state import State
from queenlib.registry.states import STEPS, step


def test_every_state_is_in_the_table() -> None:
    """Each state has its row, so that none can be forgotten."""
    assert set(STEPS) == set(State)


def test_nothing_comes_after_an_end() -> None:
    """The states that have ended, and only they, have no next."""
    assert {state for state in State if not STEPS[state]} == {state for state in State if state.ended}


def test_every_state_that_has_not_ended_can_be_lost_or_end() -> None:
    """A queen may die under a job in any state."""
    assert all(State.LOST in STEPS[state] for state in State if not state.ended)


@given(st.sampled_from(State), st.sampled_from(State))
def test_a_step_that_is_not_in_the_table_raises_and_names_what_is_allowed(old: State, new: State) -> None:
    """A legal step gives the new state; an illegal one raises and says what would have been allowed."""
    if new in STEPS[old]:
        assert step("job-a", old, new) is new
    else:
        with pytest.raises(IllegalTransition) as caught:
            step("job-a", old, new)
        assert (caught.value.fields["old"], caught.value.fields["new"]) == (old, new)
        assert all(each in caught.value.why for each in STEPS[old])
