"""The whole simulated world: queens that come and go on one disk, those who use them, and a clock that jumps."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import timedelta

from queenlib.home import Home
from queenlib.messages.base import Recovery
from queenlib.messages.job import Terms
from tests.world.clock import Date, VirtualLoop, VirtualWorld
from tests.world.disk import Disk
from tests.world.judge import Judge
from tests.world.links import Net
from tests.world.people import People, Wish
from tests.world.queen import LIMITS, RETENTION, Process
from tests.world.works import Works, operation_of

AFTER_S = LIMITS.queue_s + (LIMITS.run_s or 0.0) + 100.0
"""When faults stop, every job has ended after so many seconds."""


class Simulation:
    """A world with one home.

    Args:
        loop: Its time.
        home: A folder; nothing is written to it.
        seed: What chance decides.
    """

    def __init__(self, loop: VirtualLoop, home: Home, seed: int) -> None:
        self.chance = random.Random(seed)
        self.loop, self.date = loop, Date()
        self.disk, self.net = Disk(self.chance), Net(self.chance)
        self.works, self.people = Works(self.chance, self.disk), People(self.net, self.disk)
        self.judge = Judge(self.disk, self.works, self.people, self.date)
        self._world, self._home = VirtualWorld(self.chance, loop, self.date), home
        self._errands: list[asyncio.Task[None]] = []

    @property
    def reigns(self) -> bool:
        """Whether there is a queen, or one is about to be."""
        return bool(self.net.processes)

    def wish(self, choice: int, suits: Callable[[Wish], bool] = lambda wish: wish.id is not None) -> Wish | None:
        """One of the jobs that suit, if there are any."""
        suiting = [wish for wish in self.people.wishes if suits(wish)]
        return suiting[choice % len(suiting)] if suiting else None

    def create(self, recovery: Recovery, kind: str, terms: Terms, *, private: bool = False) -> Wish:
        """Somebody wants a job."""
        wish = self._wish(recovery, kind, terms, private=private)
        self.people.send(self.people.create(wish))
        return wish

    def create_again(self, wish: Wish) -> None:
        """Somebody wants a job that is there, by its key."""
        self.people.send(self.people.create(wish))

    def take_key(self, wish: Wish) -> None:
        """Somebody uses a key a second time, for something else."""
        rival = self._wish(wish.operation.recovery, "quick", wish.terms)
        rival.rival = True
        self.people.send(self.people.take_key(wish, rival))

    def start(self) -> None:
        """Another queen takes the home; if there is one, that one is not aware of it."""
        self.net.processes.append(Process(self._world, self._home, self.disk, self.works))

    async def crash(self) -> None:
        """All queens are killed."""
        processes, self.net.processes[:] = list(self.net.processes), []
        for process in processes:
            await process.die()

    def close(self) -> None:
        """The newest queen is closed; it takes the time that it takes."""

        async def closing(process: Process) -> None:
            await process.close()
            if process in self.net.processes:
                self.net.processes.remove(process)

        if not self._errands or self._errands[-1].done():
            self._errands.append(asyncio.create_task(closing(self.net.processes[-1])))

    async def finish(self) -> None:
        """The faults stop: everything comes to its end, and it is judged."""
        if self._errands:
            await asyncio.wait(self._errands)
        for process in [each for each in self.net.processes if each.followed]:
            await process.die()
            self.net.processes.remove(process)
        if not self.reigns:
            self.start()
        for _ in range(20):  # those who were told to come again may make jobs for a while
            settled = all(task.done() for task in self.people.tasks)
            await asyncio.sleep(AFTER_S)
            if settled:
                break
        self.trouble()
        self.judge.step()
        self.judge.end()
        await self._expire()
        self.close()
        await asyncio.wait(self._errands)
        self._errands[-1].result()
        self.judge.step()
        assert asyncio.all_tasks() == {asyncio.current_task()}, asyncio.all_tasks()

    def _wish(self, recovery: Recovery, kind: str, terms: Terms, *, private: bool = False) -> Wish:
        number = len(self.people.wishes) + 1
        wish = Wish(number, operation_of(recovery, kind, number, private=private), terms)
        self.people.wishes.append(wish)
        return wish

    async def _expire(self) -> None:
        """The date is right again, and what is not kept for ever goes."""
        late = self.date.latest - self._world.now()
        self.date.skew_s += max(late, timedelta()).total_seconds()
        await asyncio.sleep((RETENTION.reads_s or 0.0) + 2 * RETENTION.every_s)
        self.judge.expired()

    def trouble(self) -> None:
        """Raise what somebody met on an errand, or what nobody caught."""
        for task in [*self.people.tasks, *self._errands]:
            if task.done():
                task.result()
        assert not self.loop.trouble, self.loop.trouble
