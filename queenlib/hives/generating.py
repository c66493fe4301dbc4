"""The work in a slot that one holds: it ends with what came of it, with an error, or with the proof that it has stopped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from queenlib.engines.embedding import Embedded
from queenlib.engines.engine import Finished, Generation
from queenlib.errors import EngineError, NotStopped, WorkerDied, WorkerProtocol, WorkerStalled
from queenlib.hives.worker import Worker
from queenlib.hives.workers import Workers
from queenlib.messages.events import Progress, Token
from queenlib.world import World

EXIT_S = 5.0
"""How long after a line broke the end of its worker's process is waited for, in seconds."""
LOOK_S = 1.0
"""How long one look at a slot that does not stop may take, in seconds."""
AGAIN_S = 0.25
"""Between two looks, in seconds."""


async def generate(
    workers: Workers, worker: Worker, generation: Generation, slot: int, world: World
) -> AsyncGenerator[Token | Progress | Finished]:
    """Generate in slot number `slot`; see `queenlib.engines.engine.Connection.generate`.

    When it is closed the work has provably stopped: by the engine's own word, or with the worker's process. A worker that
    stalled, or did not speak its protocol, or did not stop gets nothing new from then on.

    Raises:
        WorkerDied: With exit code or signal and the last lines of the worker's log.
        WorkerStalled: It gave nothing for too long, or was ended for that.
    """
    assert worker.connection is not None
    left = False
    try:
        async with aclosing(worker.connection.generate(generation, slot)) as items:
            async for item in items:
                worker.heard(token=isinstance(item, Token))
                if isinstance(item, Finished):
                    workers.backoff.worked(worker.model)
                try:
                    yield item
                except GeneratorExit:
                    left = True
                    raise
    except NotStopped as error:
        await _enforce(workers, worker, slot, world)
        if _cancelled():
            raise asyncio.CancelledError from error
        if not left:
            error.state = "It has been ended since, or has stopped after all; what it had generated is kept."
            raise
    except WorkerDied as error:
        raise await _how_it_died(workers, worker, error, world) from None
    except (WorkerStalled, WorkerProtocol) as error:
        workers.retire(worker, error.what)
        raise


async def embed(workers: Workers, worker: Worker, texts: Sequence[str], slot: int, world: World) -> Embedded:
    """Make vectors in slot number `slot`; see `queenlib.engines.engine.Connection.embed`.

    When it is cancelled the work has provably stopped, as that of `generate` has.

    Raises:
        WorkerDied: With exit code or signal and the last lines of the worker's log.
        WorkerStalled: It gave nothing for too long, or was ended for that.
    """
    assert worker.connection is not None
    try:
        made = await worker.connection.embed(texts)
    except NotStopped as error:  # it comes of a cancel alone
        await _enforce(workers, worker, slot, world)
        raise asyncio.CancelledError from error
    except WorkerDied as error:
        raise await _how_it_died(workers, worker, error, world) from None
    except (WorkerStalled, WorkerProtocol) as error:
        workers.retire(worker, error.what)
        raise
    worker.heard()
    workers.backoff.worked(worker.model)
    return made


async def _enforce(workers: Workers, worker: Worker, slot: int, world: World) -> None:
    """A slot would not stop: kill a worker that does nothing else, wait for one that has neighbours."""
    why = f"slot {slot} did not stop when it was told to"
    workers.retire(worker, why)
    worker.left.add(slot)
    try:
        while not worker.ended:
            if worker.busy <= worker.left:
                await workers.end(worker, why)
            elif await _idle(worker, slot, world):
                return
            else:
                await world.sleep(AGAIN_S)
    finally:
        worker.left.discard(slot)


async def _idle(worker: Worker, slot: int, world: World) -> bool:
    assert worker.connection is not None
    try:
        async with world.limit(LOOK_S):
            return await worker.connection.idle(slot)
    except (TimeoutError, EngineError):
        return False


async def _how_it_died(workers: Workers, worker: Worker, error: WorkerDied, world: World) -> WorkerDied | WorkerStalled:
    """The line broke: the error of the process that ended, or, if it has not, the one that there is."""
    assert worker.process is not None
    try:
        async with world.limit(EXIT_S):
            end = await worker.process.exited
    except TimeoutError:
        workers.retire(worker, f"{error.what} Its process is there.")
        return error
    workers.fell(worker, end)  # before anybody asks for another slot
    return worker.died(end, "while it generated")


def _cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
