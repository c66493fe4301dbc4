"""A hundred random things that people and fate may do to a hive."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from queenlib.errors import IllegalTransition, InternalError, QueenError
from queenlib.hives.catalog import HiveCatalog
from tests.hives.yard import ENDLESS, QUICK, Asker, ant, ask, every, guardian, pid, spawn

STEPS = 100
LIMIT_S = 60.0
MODELS = (QUICK, ENDLESS, "sim:words?crash_at_token=2", "sim:words?load_s=0.1&tokens=4", "sim:words?fail_load=1")
NAMES = ("a", "b", "c")


class Storm:
    """What goes on, and what may happen next."""

    def __init__(self, hives: HiveCatalog, seed: int) -> None:
        self.hives, self.chance = hives, random.Random(seed)
        self.askers: list[Asker] = []
        self.others: list[asyncio.Task[Any]] = []
        self.acts: dict[Callable[[], Awaitable[None]], int] = {
            self.ask: 40, self.leave: 16, self.spawn: 10, self.stop: 10, self.call_off: 5, self.kill: 6,
            self.kill_guardian: 1, self.stop_hive: 1, self.start_hive: 6, self.wait: 10,
        }  # fmt: skip

    async def ask(self) -> None:
        """Somebody asks, perhaps a worker by its name."""
        name = self.chance.choice(NAMES) if self.chance.random() < 0.2 else None
        self.askers.append(ask(self.hives, self.chance.choice(MODELS), worker_id=name))

    async def leave(self) -> None:
        """Somebody who asked is cancelled; not waited for."""
        if self.askers:
            self.chance.choice(self.askers).task.cancel()

    async def spawn(self) -> None:
        """Somebody wants a worker by name."""
        model, slots = self.chance.choice(MODELS), self.chance.choice((1, 2))
        self.go(spawn(self.hives, model, name=self.chance.choice(NAMES), slots=slots))

    async def stop(self) -> None:
        """Somebody stops a worker."""
        if workers := ant(self.hives).workers.all():
            force = self.chance.random() < 0.5
            self.go(every(ant(self.hives).workers.stop(self.chance.choice(workers), force=force)))

    async def call_off(self) -> None:
        """Somebody who spawns, stops or starts is cancelled."""
        if self.others:
            self.chance.choice(self.others).cancel()

    async def kill(self) -> None:
        """A worker is killed."""
        if workers := [each for each in ant(self.hives).workers.all() if each.process and not each.ended]:
            with suppress(ProcessLookupError):
                os.kill(pid(self.chance.choice(workers)), signal.SIGKILL)

    async def kill_guardian(self) -> None:
        """The guardian is killed, if there is one."""
        with suppress(ValueError, ProcessLookupError):
            os.kill(guardian().pid, signal.SIGKILL)

    async def stop_hive(self) -> None:
        """The hive is stopped."""
        self.go(every(ant(self.hives).stop(force=self.chance.random() < 0.5)))

    async def start_hive(self) -> None:
        """The hive is started."""
        self.go(every(ant(self.hives).start(by_hand=True)))

    async def wait(self) -> None:
        """For a while nothing happens."""
        await asyncio.sleep(self.chance.uniform(0, 0.2))

    def go(self, work: Any) -> None:
        """Do something beside all else."""
        self.others.append(asyncio.create_task(work))


async def storm(hives: HiveCatalog, seed: int) -> None:
    """Let it happen; when it is over, everything that was begun has ended well, cancelled, or with a typed error."""
    chaos = Storm(hives, seed)
    for act in chaos.chance.choices(list(chaos.acts), list(chaos.acts.values()), k=STEPS):
        await act()
        await asyncio.sleep(chaos.chance.choice((0, 0, 0, 0.01, 0.03)))
    for asker in chaos.askers:
        if asker.model == ENDLESS:  # the others must come to their end by themselves
            asker.task.cancel()
    tasks = {*(asker.task for asker in chaos.askers), *chaos.others}
    _, stuck = await asyncio.wait(tasks, timeout=LIMIT_S)
    assert not stuck, stuck
    for task in tasks:
        error = None if task.cancelled() else task.exception()
        assert error is None or isinstance(error, QueenError), repr(error)
        assert not isinstance(error, IllegalTransition | InternalError), error
