"""The workers of one hive: each is started once, watched, and stopped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

from queenlib.engines.engine import Engine, Finished, Generation, LoadSpec
from queenlib.errors import EngineError, NotStopped, UnknownWorker, WorkerDied, WorkerStalled
from queenlib.hives.processes import Processes, WorkerProcess
from queenlib.hives.slots import SlotQueue
from queenlib.hives.worker import Worker
from queenlib.messages.events import Body, Log, Progress, Token
from queenlib.messages.parse import nearest
from queenlib.messages.worker import WorkerInfo, WorkerSpawn, WorkerState
from queenlib.world import World

KEPT_ENDED = 16
"""Workers that have ended and are still shown."""
STOP_GRACE_S = 5.0
"""Seconds from the polite request to the kill."""


class Workers:
    """What runs on one hive. Used on one event loop."""

    def __init__(self, hive_id: str, processes: Processes, logs: Path, world: World) -> None:
        self.queue = SlotQueue()
        self._hive_id, self._processes, self._logs, self._world = hive_id, processes, logs, world
        self._workers: dict[str, Worker] = {}
        self._watches: set[asyncio.Task[None]] = set()

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
            next="List them: await queen.workers.list()",
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
            WorkerDied: It ended while it loaded.
            WorkerStalled: It was not ready in time.
        """
        before = self._workers.get(worker_id)
        if before is not None and before.process is not None:
            await asyncio.shield(before.process.exited)  # one that drains still has the name
        worker = self._workers[worker_id] = Worker(worker_id, wanted, spec, engine, self._world)
        yield Log(text=f"worker {worker_id}: {engine.name} loads {spec.model} on {spec.device}, {spec.slots} slots")
        try:
            key = self._world.new_secret()
            worker.process = await self._processes.spawn(
                worker_id, engine.launch(spec, key), self._logs / f"{worker_id}.log"
            )
            self._watch(worker, worker.process)
            async with aclosing(self._load(worker, worker.process, key)) as steps:
                async for step in steps:
                    yield step
        except (asyncio.CancelledError, GeneratorExit):
            worker.told = True
            raise
        finally:
            if not worker.open:
                await self._take_down(worker)
        self._changed()
        yield Log(text=f"worker {worker_id}: ready after {worker.load_s:.1f} s")
        yield worker

    async def _load(self, worker: Worker, process: WorkerProcess, key: str) -> AsyncGenerator[Body]:
        spec = worker.spec
        limit_s = 300 + 20 * spec.size / 1024**3
        what = f"load {spec.model}"
        try:
            async with self._world.limit(limit_s):
                async for message in process.messages():
                    match message:
                        case {"type": "loading"}:
                            worker.become(WorkerState.LOADING)
                            yield Progress(what=what, done=0, total=spec.size or 1, unit="bytes" if spec.size else "steps")
                        case {"type": "failed", "reason": reason}:
                            raise EngineError(
                                f"Worker {worker.id} could not load {spec.model}: {reason}",
                                why=f"Its engine, {worker.engine.name}, said so.",
                                state="The worker has ended; the hive goes on.",
                                next="Look at its log: await queen.workers.get(...)",
                                last_lines=(await process.exited).last_lines,
                            )
                        case {"type": "ready", "url": url, "context": context}:
                            worker.ready(worker.engine.connect(url, key, context, worker.id))
                            yield Progress(
                                what=what, done=spec.size or 1, total=spec.size or 1, unit="bytes" if spec.size else "steps"
                            )
                            return
        except TimeoutError:
            raise WorkerStalled(
                f"Worker {worker.id} was not ready after {limit_s:.0f} s.",
                why=f"It loads {spec.model}, {spec.size:,} bytes.",
                state="It was stopped.",
                next="Try a smaller model, or look at the worker's log.",
                silent_s=limit_s,
            ) from None
        raise (await process.exited).error(worker.id, f"while it loaded {spec.model}")

    async def generate(
        self, worker: Worker, generation: Generation, slot: int
    ) -> AsyncGenerator[Token | Progress | Finished]:
        """Generate in a slot that one holds; see `queenlib.engines.engine.Connection.generate`.

        When it is closed the work has provably stopped: by the engine's own word, or with the worker's process.

        Raises:
            WorkerDied: With exit code or signal and the last lines of the worker's log.
        """
        assert worker.connection is not None
        try:
            async with aclosing(worker.connection.generate(generation, slot)) as items:
                async for item in items:
                    yield item
        except NotStopped:
            await self._enforce(worker, slot)
            raise
        except WorkerDied:
            if worker.process is None:
                raise
            async with self._world.limit(STOP_GRACE_S):
                end = await asyncio.shield(worker.process.exited)
            raise end.error(worker.id, "while it generated") from None

    async def _enforce(self, worker: Worker, slot: int) -> None:
        """A slot would not stop: kill a worker that does nothing else, wait for one that has neighbours."""
        while not worker.ended and worker.connection is not None:
            if len(worker.free) == worker.spec.slots - 1:
                worker.told = True
                await self._take_down(worker)
            elif await worker.connection.idle(slot):
                return
            else:
                await self._world.sleep(0.25)

    async def stop(self, worker: Worker, *, force: bool) -> AsyncGenerator[Log]:
        """Stop a worker: it finishes its generations first, unless it is forced. It has ended when this ends."""
        if not worker.ended and worker.open:
            worker.become(WorkerState.DRAINING)
            self._changed()
        if not force and not worker.idle:
            yield Log(text=f"worker {worker.id}: finishes {worker.spec.slots - len(worker.free)} generations first")
            while not worker.idle and not worker.ended:
                await self._world.sleep(0.05)
        worker.told = True
        await self._take_down(worker)
        del self._workers[worker.id]
        self._changed()
        yield Log(text=f"worker {worker.id}: stopped")

    async def close(self) -> None:
        """Stop all of them, at once."""
        for worker in self._workers.values():
            worker.told = True
        await asyncio.gather(*(self._take_down(worker) for worker in self._workers.values()))
        if self._watches:
            await asyncio.wait(self._watches)
        self._changed()

    async def _take_down(self, worker: Worker) -> None:
        """End a worker's process, if it has one; it has ended when this returns."""
        if worker.process is None:
            if not worker.ended:
                worker.become(WorkerState.FAILED, "its process could not be started")
        elif not worker.process.exited.done():
            await worker.process.stop(STOP_GRACE_S if worker.connection else 0.0)
            await asyncio.shield(worker.process.exited)
        self._changed()

    def _watch(self, worker: Worker, process: WorkerProcess) -> None:
        async def watch() -> None:
            end = await asyncio.shield(process.exited)
            worker.gone(end)
            if worker.connection is not None:
                await worker.connection.close()
            self._changed()

        task = asyncio.create_task(watch(), name=f"watch {worker.id}")
        self._watches.add(task)
        task.add_done_callback(self._watches.discard)

    def _changed(self) -> None:
        ended = [worker.id for worker in self._workers.values() if worker.ended]
        for worker_id in ended[:-KEPT_ENDED]:
            del self._workers[worker_id]
        self.queue.changed(*(worker for worker in self._workers.values() if not worker.ended))
