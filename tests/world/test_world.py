"""Whatever happens to queens, lines, disks and clocks, in any order: what was promised holds."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from queenlib.home import Home
from queenlib.messages.base import Recovery
from queenlib.messages.job import Start, Terms
from tests.world.clock import VirtualLoop
from tests.world.simulation import Simulation
from tests.world.works import KINDS

RESTS = st.sampled_from([0.0, 0.0, 0.001, 0.004, 0.02, 0.3])
"""What passes after each step, in seconds; most of what is under way takes longer."""
CHOICES = st.integers(0, 1000)
SETTINGS = settings(deadline=None, print_blob=True, phases=[Phase.explicit, Phase.reuse, Phase.generate])
"""A history that fails is shown as it is, at once: to make it shorter takes longer than a test may."""


class World(RuleBasedStateMachine):
    """Anything that may happen."""

    @initialize(seed=st.integers(0, 2**32))
    def begin(self, seed: int) -> None:
        """A new world, with a queen."""
        self.folder = Path(tempfile.mkdtemp())
        self.loop = VirtualLoop()
        self.simulation = Simulation(self.loop, Home.open(self.folder), seed)
        self.do(self.simulation.start, 0.0)

    def do(self, deed: Callable[[], Any], rest: float) -> None:
        """Do something, and let some time pass."""

        async def done() -> None:
            if asyncio.iscoroutine(doing := deed()):
                await doing
            await asyncio.sleep(rest)

        self.loop.run_until_complete(done())

    @rule(
        recovery=st.sampled_from([*Recovery, Recovery.ONCE]),
        kind=st.sampled_from(KINDS),
        start=st.sampled_from(["now", "now", "on_stream"]),
        keyed=st.booleans(),
        retry=st.integers(0, 2),
        private=st.booleans(),
        rest=RESTS,
    )
    def create(
        self, recovery: Recovery, kind: str, start: Start, keyed: bool, retry: int, private: bool, rest: float
    ) -> None:
        """Somebody creates a job."""
        simulation = self.simulation
        terms = Terms(start=start, key=f"key-{len(simulation.people.wishes)}" if keyed else None, retry=retry)
        self.do(lambda: simulation.create(recovery, kind, terms, private=private), rest)

    @rule(choice=CHOICES, rest=RESTS)
    def create_again(self, choice: int, rest: float) -> None:
        """Somebody creates one that is there, with its key."""
        simulation = self.simulation
        if wish := simulation.wish(choice, lambda wish: wish.keyed):
            self.do(lambda: simulation.create_again(wish), rest)

    @rule(choice=CHOICES, rest=RESTS)
    def take_key(self, choice: int, rest: float) -> None:
        """Somebody takes a key that is taken for something else."""
        simulation = self.simulation
        if wish := simulation.wish(choice, lambda wish: wish.id is not None and wish.keyed):
            self.do(lambda: simulation.take_key(wish), rest)

    @rule(choice=CHOICES, after=st.integers(0, 30), rest=RESTS)
    def watch(self, choice: int, after: int, rest: float) -> None:
        """Somebody follows a job, from anywhere in its log."""
        simulation = self.simulation
        if wish := simulation.wish(choice):
            self.do(lambda: simulation.people.send(simulation.people.watch(wish, min(after, wish.seen))), rest)

    @rule(choice=CHOICES, rest=RESTS)
    def cancel(self, choice: int, rest: float) -> None:
        """Somebody cancels a job."""
        simulation = self.simulation
        if wish := simulation.wish(choice):
            self.do(lambda: simulation.people.send(simulation.people.cancel(wish)), rest)

    @rule(choice=CHOICES, rest=RESTS)
    def look(self, choice: int, rest: float) -> None:
        """Somebody looks at a job."""
        simulation = self.simulation
        if wish := simulation.wish(choice):
            self.do(lambda: simulation.people.send(simulation.people.look(wish)), rest)

    @rule(choice=CHOICES, rest=RESTS)
    def delete(self, choice: int, rest: float) -> None:
        """Somebody deletes a job that nobody is about to create."""
        simulation = self.simulation
        if wish := simulation.wish(choice, lambda wish: wish.id is not None and not wish.asking):
            self.do(lambda: simulation.people.send(simulation.people.delete(wish)), rest)

    @rule(choice=CHOICES, rest=RESTS)
    def let_go(self, choice: int, rest: float) -> None:
        """What a job waited for is there."""
        simulation = self.simulation
        if wish := simulation.wish(choice):
            self.do(lambda: simulation.works.gates[wish.number].set(), rest)

    @rule(choice=CHOICES, rest=RESTS)
    def cut(self, choice: int, rest: float) -> None:
        """A line breaks."""
        simulation = self.simulation
        self.do(lambda: simulation.net.cut(choice), rest)

    @precondition(lambda self: self.simulation.reigns)
    @rule(back=st.booleans(), rest=RESTS)
    def crash(self, back: bool, rest: float) -> None:
        """The queen dies, and perhaps there is another at once."""
        self.do(self.simulation.crash, 0.0)
        if back:
            self.do(self.simulation.start, rest)

    @precondition(lambda self: not self.simulation.reigns)
    @rule(rest=RESTS)
    def start(self, rest: float) -> None:
        """There is a queen again."""
        self.do(self.simulation.start, rest)

    @precondition(lambda self: len(self.simulation.net.processes) == 1)
    @rule(rest=RESTS)
    def usurp(self, rest: float) -> None:
        """Another queen takes the home, and the one before her does not know."""
        self.do(self.simulation.start, rest)

    @precondition(lambda self: self.simulation.reigns)
    @rule(rest=RESTS)
    def close(self, rest: float) -> None:
        """The queen is closed in good order."""
        self.do(self.simulation.close, rest)

    @rule(rest=st.sampled_from([1.0, 30.0, 70.0, 310.0, 4_000.0]))
    def advance(self, rest: float) -> None:
        """Time passes: deadlines, and what is kept of reads."""
        self.do(lambda: None, rest)

    @rule(days=st.sampled_from([-400, -1, 1, 400]), rest=RESTS)
    def set_date(self, days: int, rest: float) -> None:
        """Somebody sets the date."""
        self.simulation.date.skew_s += 86_400.0 * days
        self.do(lambda: None, rest)

    @invariant()
    def holds(self) -> None:
        """All that was promised."""
        if hasattr(self, "simulation"):
            self.simulation.trouble()
            self.simulation.judge.step()

    def teardown(self) -> None:
        """The faults stop, and everything comes to its end."""
        if not hasattr(self, "simulation"):
            return
        try:
            self.loop.run_until_complete(self.simulation.finish())
            self.simulation.trouble()
        finally:
            self.loop.close()
            shutil.rmtree(self.folder)


def test_any_history_keeps_the_promises() -> None:
    """Creates, streams, cancels, deletes under crashes, cut lines and jumps of the date: every invariant, at each step."""
    run_state_machine_as_test(World, settings=settings(SETTINGS, max_examples=60, stateful_step_count=30))


@pytest.mark.full
@pytest.mark.timeout(600)
def test_many_long_histories_keep_the_promises() -> None:
    """The same, for hundreds of histories of fifty steps."""
    run_state_machine_as_test(World, settings=settings(SETTINGS, max_examples=600, stateful_step_count=50))
