"""The workers of one hive: each is started once, watched, and stopped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any

from queenlib.engines.engine import Engine, LoadSpec
from queenlib.errors import NotStopped, QueenError, UnknownWorker, WorkerDied
from queenlib.flights import Flights
from queenlib.hives.backoff import Backoff
from queenlib.hives.exits import Exit
from queenlib.hives.loading import load
from queenlib.hives.processes import Processes, WorkerProcess
from queenlib.hives.slots import SlotQueue
from queenlib.hives.worker import Worker
from queenlib.messages.events import Body, Log
from queenlib.messages.parse import nearest
from queenlib.messages.worker import KeepAlive, WorkerInfo, WorkerSpawn, WorkerState
from queenlib.world import World

KEPT_ENDED = 16
"""Workers that have ended and are still shown."""
KEEP_ALIVE_S = 600.0
"""How long an idle worker is kept, in seconds, where nobody says otherwise."""
STOP_GRACE_S = 5.0
"""Seconds from the polite request to the kill."""


class Workers:
    """What runs on one hive. Used on one event loop."""

    def __init__(self, hive_id: str, processes: Processes, logs: Path, world: World) -> None:
        self.queue = SlotQueue()
        self.keep_alive: KeepAlive = KEEP_ALIVE_S
        """How long one of them is kept idle that does not say otherwise."""
        self.backoff = Backoff(world)
        self.keeper: Callable[[Worker], Coroutine[Any, Any, None]] = _nobody
        """Sees to each worker that is loaded, until it has ended."""
        self._hive_id, self._processes, self._logs, self.world = hive_id, processes, logs, world
        self._workers: dict[str, Worker] = {}
        self._drains: Flights[Log] = Flights()
        self._tasks: set[asyncio.Task[None]] = set()

    def infos(self) -> tuple[WorkerInfo, ...]:
        """All of them, those that have ended lately included."""
        return tuple(worker.info(self.queue.waiting(worker)) for worker in self._workers.values())

    def all(self) -> tuple[Worker, ...]:
        """All of them, those that have ended lately included."""
        return tuple(self._workers.values())

    def find(self, worker_id: str) -> Worker | None:
        """The worker of that id, if there is one."""
        return self._workers.get(worker_id)

    def get(self, worker_id: str) -> Worker:
        """The worker of that id.

        Raises:
            UnknownWorker: There is none.
        """
        if found := self._workers.get(worker_id):
            return found
        raise UnknownWorker(
            f"Hive {self._hive_id} has no worker {worker_id!r}{nearest(worker_id, self._workers) or '.'}",
            why=f"Its workers are {', '.join(self._workers)}." if self._workers else "It has no workers.",
            state="Nothing was done.",
            next=f"List them: await queen.workers.list(hive={self._hive_id!r})",
            known=list(self._workers),
        )

    def threads_in_use(self) -> int:
        """Processor threads that the workers that run have been given."""
        return sum(worker.spec.threads for worker in self._workers.values() if not worker.ended)

    async def start(
        self, worker_id: str, wanted: WorkerSpawn, spec: LoadSpec, engine: Engine
    ) -> AsyncGenerator[Body | Worker]:
        """Start and load a worker: yields what happens and, last, the worker, which is ready.

        Leaving early takes the worker down; it has ended when the generator is closed.

        Raises:
            EngineError: It could not be started or loaded.
            WorkerDied: It ended while it loaded.
            WorkerStalled: It was not ready in time.
        """
        launch = engine.launch(spec, key := self.world.new_secret())
        while (before := self._workers.get(worker_id)) is not None and not before.ended:
            if before.open:  # it was to be stopped, and that was called off
                yield before
                return
            await self.queue.turn()  # one that drains still has the name
        worker = self._workers[worker_id] = Worker(worker_id, wanted, spec, engine, self.world)
        self.changed()
        try:
            yield Log(text=f"worker {worker_id}: {engine.name} loads {spec.model} on {spec.device}, {spec.slots} slots")
            worker.process = await self._processes.spawn(worker_id, launch, self._logs / f"{worker_id}.log")
            async with aclosing(load(worker, worker.process, key, self.world)) as steps:
                async for step in steps:
                    if worker.connection is not None:  # from here on nobody else sees how it ends
                        self.see_to(self._watch(worker, worker.process), f"watch {worker_id}")
                        self.see_to(self.keeper(worker), f"keep {worker_id}")
                    self.changed()
                    yield step
        except BaseException as error:
            if worker.connection is None:
                await self._give_up(worker, error)
            raise
        yield Log(text=f"worker {worker_id}: ready after {worker.load_s:.1f} s")
        yield worker

    async def _give_up(self, worker: Worker, error: BaseException) -> None:
        if isinstance(error, asyncio.CancelledError | GeneratorExit):
            worker.doom("its load was broken off", WorkerState.STOPPED)
        elif not isinstance(error, WorkerDied):  # its exit says more
            worker.doom(error.what if isinstance(error, QueenError) else str(error))
            self.backoff.crashed(worker.model, "it could not be loaded")
        await self._take_down(worker, 0.0)
        if worker.fate is None and worker.end is not None:
            self.backoff.crashed(worker.model, worker.end.describe())

    async def stop(self, worker: Worker, *, force: bool) -> AsyncGenerator[Log]:
        """Stop a worker: it finishes its generations first, unless it is forced. It has ended when this ends.

        Leaving before its generations have ended calls the stop off: the worker takes work again.

        Raises:
            NotStopped: Its process was killed and is still there.
        """
        if force:
            await self.end(worker, "it was stopped by force", WorkerState.STOPPED)
        else:
            async with aclosing(self._drains.join(worker, lambda: self._drain(worker))) as steps:
                async for step in steps:
                    yield step
        if self._workers.get(worker.id) is worker:
            del self._workers[worker.id]
            self.changed()
        yield Log(text=f"worker {worker.id}: stopped")

    async def _drain(self, worker: Worker) -> AsyncGenerator[Log]:
        if worker.open:
            worker.become(WorkerState.DRAINING, "it finishes what it has and is stopped then")
            self.changed()
        try:
            if worker.busy and not worker.ended:
                yield Log(text=f"worker {worker.id}: finishes {len(worker.busy)} generations first")
            await self._idle(worker)
        except (asyncio.CancelledError, GeneratorExit):
            if worker.state is WorkerState.DRAINING and not worker.retired and worker.fate is None:
                worker.become(WorkerState.READY)
                self.changed()
            raise
        await self.end(worker, "it was told to stop", WorkerState.STOPPED)

    def retire(self, worker: Worker, why: str) -> None:
        """Trust a worker no more: it gets nothing new, and is taken down as failed when its generations have ended."""
        if worker.retired or worker.ended or worker.connection is None:
            return
        worker.retired = True
        self.backoff.crashed(worker.model, why)
        if worker.open:
            worker.become(WorkerState.DRAINING, why)
            self.changed()

        async def take_down() -> None:
            await self._idle(worker)
            with suppress(NotStopped):  # it stays as it is, draining, until somebody stops it and is told
                await self.end(worker, why)

        self.see_to(take_down(), f"retire {worker.id}")

    async def end(self, worker: Worker, why: str, state: WorkerState = WorkerState.FAILED) -> None:
        """End a worker now; it has ended when this returns. A failed one is killed at once, another may end by itself.

        Raises:
            NotStopped: Its process was killed and is still there.
        """
        worker.doom(why, state)
        if worker.process is not None:
            await self._take_down(worker, STOP_GRACE_S if worker.connection and state is WorkerState.STOPPED else 0.0)
        while not worker.ended:  # its process is being started: whoever does so sees that it is to end
            await self.queue.turn()

    async def close(self) -> None:
        """End all of them and their guardian, at once. None may be about to be started.

        Raises:
            NotStopped: A process was killed and is still there.
        """
        for worker in self._workers.values():
            worker.doom("its hive was stopped", WorkerState.STOPPED)
        await self._processes.close()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def changed(self) -> None:
        """Something about the workers has changed: forget the oldest that have ended, give away what is free."""
        ended = [worker.id for worker in self._workers.values() if worker.ended]
        for worker_id in ended[:-KEPT_ENDED]:
            del self._workers[worker_id]
        self.queue.changed(*(worker for worker in self._workers.values() if not worker.ended))

    async def _idle(self, worker: Worker) -> None:
        while worker.busy and not worker.ended:
            await self.queue.turn()

    async def _take_down(self, worker: Worker, grace_s: float) -> None:
        worker.gone(await worker.process.stop(grace_s) if worker.process else None)
        self.changed()

    def fell(self, worker: Worker, end: Exit) -> None:
        """The process of a worker has ended: whoever is told of it first says so, and nobody gets a slot of it any more."""
        if worker.ended:
            return
        if worker.fate is None:
            self.backoff.crashed(worker.model, end.describe())
        worker.gone(end)
        self.changed()

    async def _watch(self, worker: Worker, process: WorkerProcess) -> None:
        self.fell(worker, await process.exited)
        if worker.connection is not None:
            await worker.connection.close()

    def see_to(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Do something about a worker beside all else; it ends when the worker has, and `close` waits for it."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _nobody(_: Worker) -> None:
    """Nobody sees to it."""
