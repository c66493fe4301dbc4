"""From a worker's process that has been started to a worker that is ready."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Any

from queenlib.errors import EngineError, WorkerStalled
from queenlib.hives.exits import LESS_MEMORY, no_memory
from queenlib.hives.processes import WorkerProcess
from queenlib.hives.progress import Vigil, look
from queenlib.hives.worker import Worker
from queenlib.messages.events import Progress
from queenlib.messages.worker import WorkerState
from queenlib.world import World

STILL_S = 60.0
"""How long a load may do nothing at all, in seconds: neither read, nor fill memory, nor compute."""
LOAD_S, LOAD_S_PER_GIB = 300.0, 20.0
"""How long it may only compute, in seconds: in any case, and for each GiB of the model."""
LOOK_S = 0.5
"""Between two looks at it, in seconds."""


async def load(worker: Worker, process: WorkerProcess, key: str, world: World) -> AsyncGenerator[Progress]:
    """Hear what a worker says of itself until it is ready, which it is when this ends. It may take as long as it gets on.

    Raises:
        EngineError: Its engine could not load the model, and says why.
        WorkerDied: It ended, by itself or told to.
        WorkerStalled: It stood still.
    """
    if worker.fate is not None:  # it was told to end before it had begun
        await process.kill()
    vigil = Vigil(world, STILL_S, LOAD_S + LOAD_S_PER_GIB * worker.spec.size / 1024**3)
    async with aclosing(_heard(worker, process, vigil, world)) as messages:
        async for message in messages:
            wanted = worker.fate is None and not worker.ended
            match message:
                case {"type": "loading"} if wanted and worker.state is WorkerState.STARTING:
                    worker.become(WorkerState.LOADING)
                    yield _loaded(worker, whole=False)
                case {"type": "failed", "reason": reason} if worker.fate is None:
                    worker.doom(f"could not load: {reason}")
                    raise _not_loaded(worker, str(reason), (await process.exited).last_lines)
                case {"type": "ready", "url": str(url), "context": int(context)} if wanted:
                    worker.ready(worker.engine.connect(url, key, context, worker.id))
                    yield _loaded(worker, whole=True)
                    return
    raise worker.died(await process.exited, f"while it loaded {worker.model}")


async def _heard(worker: Worker, process: WorkerProcess, vigil: Vigil, world: World) -> AsyncGenerator[dict[str, Any]]:
    """What it says, for as long as it gets on."""
    messages = process.messages()
    hearing = asyncio.ensure_future(anext(messages, None))
    try:
        while True:
            with suppress(TimeoutError):
                async with world.limit(LOOK_S):
                    await asyncio.wait({hearing})
            if hearing.done():
                if (message := hearing.result()) is None:
                    return
                vigil.got_on()
                hearing = asyncio.ensure_future(anext(messages, None))
                yield message
            elif (silent_s := _look(process, vigil)) is not None:
                raise _stands_still(worker, silent_s)
    finally:
        hearing.cancel()
        await asyncio.wait({hearing})


def _look(process: WorkerProcess, vigil: Vigil) -> float | None:
    if (seen := look(process.pid)) is not None:
        vigil.note(seen)
    return vigil.silent_s()


def _loaded(worker: Worker, *, whole: bool) -> Progress:
    size = worker.spec.size
    total, unit = size or 1, "bytes" if size else "steps"
    return Progress.model_validate({"what": f"load {worker.model}", "done": total * whole, "total": total, "unit": unit})


def _not_loaded(worker: Worker, reason: str, last_lines: tuple[str, ...]) -> EngineError:
    look = f"Look at the end of its log: await queen.workers.get({worker.id!r}, hive={worker.wanted.hive_id!r})"
    short = no_memory([reason, *last_lines])
    return EngineError(
        f"Worker {worker.id} could not load {worker.model}: {reason}",
        why=f"Its engine, {worker.engine.name}, said so.",
        state="The worker has ended; the hive goes on.",
        next=f"{LESS_MEMORY}. {look}" if short else look,
        last_lines=list(last_lines),
        out_of_memory=short,
    )


def _stands_still(worker: Worker, silent_s: float) -> WorkerStalled:
    return WorkerStalled(
        f"Worker {worker.id} did not get on with its load for {silent_s:.0f} s.",
        why=f"It loads {worker.model}, {worker.spec.size:,} bytes, and neither read nor filled memory.",
        state="It was killed.",
        next=f"Try a smaller model, or look: await queen.workers.get({worker.id!r}, hive={worker.wanted.hive_id!r})",
        silent_s=silent_s,
        stopped=True,
    )
