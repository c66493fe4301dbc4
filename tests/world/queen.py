"""A queen of the simulated world: the real router and the real registry, on a disk and in a process that can die."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any, TypeVar

from queenlib.hives.catalog import HiveCatalog
from queenlib.home import Home
from queenlib.messages.events import Yielded
from queenlib.messages.parse import AnyOperation
from queenlib.models.catalog import ModelCatalog
from queenlib.operations.again import again
from queenlib.operations.claims import Claims
from queenlib.operations.tally import Tallying
from queenlib.registry.limits import Limits
from queenlib.registry.registry import Registry
from queenlib.registry.retention import Retention
from queenlib.registry.run import Work
from queenlib.router import Router
from queenlib.state import QueenState
from tests.world.clock import OWNER, VirtualLoop, VirtualWorld
from tests.world.disk import Disk, DiskStore
from tests.world.works import Works

T = TypeVar("T")

LIMITS = Limits(unfinished=30, running=4, queue_s=200.0, wait_s=60.0, run_s=300.0)
RETENTION = Retention(reads_s=3_600.0)


@dataclass(frozen=True)
class SimulatedState(QueenState):
    """What a queen of the simulated world owns: her hives have no workers."""

    works: Works


class SimulatedQueen(Router):
    """A router whose operations are simulated; all else of it is as it is."""

    _state: SimulatedState

    def _work(self, operation: AnyOperation, rows: Tallying | None = None, *, repeated: bool = False) -> Work:
        def work() -> AsyncGenerator[Yielded]:
            steps = self._state.works.work(operation)
            return again(operation, steps) if repeated else steps

        return work


class Process:
    """One queen's time, from her start to her death or her close.

    Args:
        world: Where she lives.
        home: Her home; nothing of it is used but that it is there.
        disk: Where her jobs are.
        works: What her jobs do.
    """

    def __init__(self, world: VirtualWorld, home: Home, disk: Disk, works: Works) -> None:
        self._disk, self.store = disk, DiskStore(disk)
        self.number = self.store.epoch
        self.router: SimulatedQueen | None = None
        """She herself, when she is at work."""
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when she is no more."""
        assert world.loop is not None
        self._loop: VirtualLoop = world.loop
        self._context = copy_context()
        self._context.run(OWNER.set, self.number)
        models = ModelCatalog(home, world)
        self._state = SimulatedState(
            world=world,
            home=home,
            registry=Registry(self.store, world, LIMITS, RETENTION),
            hives=HiveCatalog(home, models, world),
            models=models,
            default_model="m",
            started_at=world.now(),
            claims=Claims(),
            works=works,
        )
        self._beginning = self.run(self._begin)

    @property
    def followed(self) -> bool:
        """Whether another has taken the home since."""
        return self.number != self._disk.memory.epoch

    def run(self, deed: Callable[[], Coroutine[Any, Any, T]]) -> asyncio.Task[T]:
        """Do something in this process."""
        return self._context.run(asyncio.create_task, deed())

    async def die(self) -> None:
        """She is killed: nothing of her does anything more."""
        if not self.gone.done():
            self.store.crash()
            self.gone.set_result(None)
        await self._loop.kill(self.number)

    async def close(self) -> None:
        """She is closed in good order, if she lives so long; nothing of her is left."""
        closing = self.run(self._close)
        await asyncio.wait({closing, self.gone}, return_when=asyncio.FIRST_COMPLETED)
        if self.gone.done():
            return
        closing.result()
        self.gone.set_result(None)
        await asyncio.sleep(1.0)  # those who hang on to her lines let go
        left = self._loop.alive(self.number)
        assert not left, left
        await self.die()

    async def _begin(self) -> None:
        began = await SimulatedQueen.begin(self._state)
        assert isinstance(began, SimulatedQueen)
        self.router = began

    async def _close(self) -> None:
        await asyncio.wait({self._beginning})
        self._beginning.result()
        assert self.router is not None
        await self.router.close()
