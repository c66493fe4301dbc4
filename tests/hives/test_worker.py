"""A worker's states, and what is said of its end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queenlib.engines.engine import LoadSpec
from queenlib.engines.simulated import Simulated
from queenlib.errors import IllegalTransition
from queenlib.hives.exits import Exit
from queenlib.hives.worker import STEPS, Worker
from queenlib.messages.worker import WorkerSpawn, WorkerState
from queenlib.world import World

KILLED = Exit(None, "SIGKILL", ("last words",))


def worker(slots: int = 2) -> Worker:
    """A worker without a process."""
    engine = Simulated(World())
    spec = LoadSpec("sim:words", None, 0, "cpu", 4096, slots, 1, 0)
    return Worker("w", WorkerSpawn(model="sim:words", name="w"), spec, engine, World())


def ready(slots: int = 2) -> Worker:
    """One that is loaded."""
    made = worker(slots)
    made.ready(made.engine.connect("http://127.0.0.1:9", "k", 4096, "w"))
    return made


def test_busy_is_ready_with_a_slot_in_use() -> None:
    """The state follows the slots; before the load there are none."""
    assert (worker().state, worker().busy, worker().info().slots_busy) == (WorkerState.STARTING, frozenset(), 0)
    made = ready()
    assert (made.state, made.open, made.info().slots_busy) == ("ready", True, 0)
    made.free.pop()
    assert (made.state, made.open, made.busy, made.info().slots_busy) == (WorkerState.BUSY, True, frozenset({1}), 1)


@given(st.lists(st.sampled_from(WorkerState), max_size=8))
def test_only_steps_of_the_table_are_taken(states: list[WorkerState]) -> None:
    """Any other raises in four parts and changes nothing; what has ended stays so."""
    made = worker()
    for state in states:
        before = made.info()
        if state in STEPS[before.state]:
            made.become(state, "because")
            assert made.info().reason == "because"
        else:
            with pytest.raises(IllegalTransition) as caught:
                made.become(state)
            assert all((caught.value.what, caught.value.why, caught.value.state, caught.value.next))
            assert made.info() == before
    assert made.ended == (made.state in ("stopped", "failed"))


def test_end_by_itself_is_a_failure() -> None:
    """The reason is how it ended; its last lines are shown; the error has all of it."""
    made = ready()
    made.gone(KILLED)
    made.doom("too late")
    assert (made.state, made.ended, made.info().last_lines) == ("failed", True, ("last words",))
    assert "SIGKILL" in made.info().reason
    error = made.died(KILLED, "while it was tested")
    assert (error.signal, error.last_lines) == ("SIGKILL", ["last words"])
    assert "by itself" in error.why


def test_end_that_it_was_told_is_what_was_said_first() -> None:
    """The first word stays, and is in the error; a later end changes nothing."""
    made = ready()
    made.doom("it was told to stop", WorkerState.STOPPED)
    made.doom("something else")
    made.gone(KILLED)
    made.gone(Exit(3, None))
    assert (made.state, made.info().reason, made.info().last_lines) == ("stopped", "it was told to stop", ())
    error = made.died(KILLED, "while it generated")
    assert "it was told to stop" in error.what
    assert error.why == "It was told to end."


def test_without_a_process_it_failed_to_start() -> None:
    """A worker whose process never came says so."""
    made = worker()
    made.gone(None)
    assert (made.state, made.info().reason) == ("failed", "its process could not be started")
