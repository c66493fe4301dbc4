"""Whether a worker still does what it is for: in doubt it is asked for one token, since its own word proves nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from queenlib.engines.engine import Generation
from queenlib.errors import EngineError, NotStopped, WorkerDied, WorkerProtocol, WorkerStalled
from queenlib.hives.generating import embed, generate
from queenlib.hives.worker import Worker
from queenlib.hives.workers import Workers
from queenlib.messages.events import Waiting, Working
from queenlib.messages.infer import ChatMessage, Sampling
from queenlib.world import World

DOUBT_S = 60.0
"""After so long without a sign of work a worker is in doubt, in seconds: a machine may have slept, a device been lost."""
PROBE_S = 20.0
"""How long one token may take, in seconds."""
QUESTION = Generation((ChatMessage(role="user", content="Hi"),), Sampling(max_tokens=1, temperature=0.0))


async def probe(workers: Workers, worker: Worker, slot: int) -> AsyncGenerator[Waiting | Working]:
    """Ask a worker that is in doubt for a token in `slot`, which one holds; afterwards it has answered, or is not open.

    One that gives none is ended, and who is at work on it is told that it stalled; one that works on in other slots is
    taken down when those have ended.

    Raises:
        NotStopped: Its process was killed and is still there.
    """
    world = workers.world
    if worker.ended or (silent_s := world.monotonic() - worker.heard_at) < DOUBT_S:
        return
    yield Waiting(reason=f"probe: worker {worker.id} gave no sign of work for {silent_s:.0f} s, and is asked for a token")
    began = world.monotonic()
    asking = asyncio.create_task(_ask(workers, worker, slot, world), name=f"probe {worker.id}")
    try:
        async with world.limit(PROBE_S):
            await asyncio.wait({asking})
    except TimeoutError:
        await _judge(workers, worker, began)
    finally:
        await _left(asking)
    yield Working()


async def _ask(workers: Workers, worker: Worker, slot: int, world: World) -> None:
    """Draw one token, or have a vector made; a worker that fails at it is retired by that."""
    try:
        if worker.embeds:
            await embed(workers, worker, ("Hi",), slot, world)
            return
        async with aclosing(generate(workers, worker, QUESTION, slot, world)) as items:
            async for _ in items:
                pass
    except (WorkerDied, WorkerStalled, WorkerProtocol, NotStopped):
        return
    except EngineError:  # it refused, which is an answer
        worker.heard()


async def _judge(workers: Workers, worker: Worker, began: float) -> None:
    why = f"it gave no token for {PROBE_S:g} s when it was asked for one, whatever else it says"
    workers.retire(worker, why)
    if worker.heard_at <= began:
        worker.silent_s = PROBE_S
        await workers.end(worker, why)


async def _left(asking: asyncio.Task[None]) -> None:
    """Leave the question; its slot is idle when this returns, also where whoever waits is cancelled meanwhile."""
    cancelled: asyncio.CancelledError | None = None
    asking.cancel()
    while not asking.done():
        try:
            await asyncio.wait({asking})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
    if not asking.cancelled():
        asking.result()
