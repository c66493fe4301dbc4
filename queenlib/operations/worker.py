"""What the worker operations do."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from queenlib.hives.catalog import HiveCatalog
from queenlib.hives.idle import stop_idle
from queenlib.hives.worker import Worker
from queenlib.messages.base import Deleted
from queenlib.messages.events import Body
from queenlib.messages.worker import (
    IdleStopped,
    WorkerDelete,
    WorkerGet,
    WorkerInfo,
    WorkerList,
    WorkerListing,
    WorkerSpawn,
    WorkerStopIdle,
)


async def worker_list(operation: WorkerList, hives: HiveCatalog) -> AsyncGenerator[Body | WorkerListing]:
    """List a hive's workers."""
    yield WorkerListing(workers=hives.get(operation.hive_id).workers.infos())


async def worker_get(operation: WorkerGet, hives: HiveCatalog) -> AsyncGenerator[Body | WorkerInfo]:
    """Look at one worker."""
    workers = hives.get(operation.hive_id).workers
    worker = workers.get(operation.worker_id)
    yield worker.info(workers.queue.waiting(worker))


async def worker_spawn(operation: WorkerSpawn, hives: HiveCatalog) -> AsyncGenerator[Body | WorkerInfo]:
    """Put a model on a hive."""
    async with aclosing(hives.spawn(operation)) as steps:
        async for step in steps:
            yield step.info() if isinstance(step, Worker) else step


async def worker_delete(operation: WorkerDelete, hives: HiveCatalog) -> AsyncGenerator[Body | Deleted]:
    """Stop a worker; it finishes its generations first, unless it is forced."""
    workers = hives.get(operation.hive_id).workers
    async with aclosing(workers.stop(workers.get(operation.worker_id), force=operation.force)) as steps:
        async for step in steps:
            yield step
    yield Deleted(kind="worker", id=operation.worker_id)


async def worker_stop_idle(operation: WorkerStopIdle, hives: HiveCatalog) -> AsyncGenerator[Body | IdleStopped]:
    """Stop the workers of a hive that nobody uses."""
    workers = hives.get(operation.hive_id).workers
    held = {info.id: info.memory or 0 for info in workers.infos()}
    stopped: list[str] = []
    async with aclosing(stop_idle(workers)) as steps:
        async for step in steps:
            if isinstance(step, Worker):
                stopped.append(step.id)
            else:
                yield step
    yield IdleStopped(workers=tuple(stopped), freed=sum(held.get(name, 0) for name in stopped))
