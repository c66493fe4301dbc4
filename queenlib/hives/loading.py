"""From a worker's process that has been started to a worker that is ready."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from queenlib.errors import EngineError, WorkerStalled
from queenlib.hives.exits import LESS_MEMORY, no_memory
from queenlib.hives.processes import WorkerProcess
from queenlib.hives.worker import Worker
from queenlib.messages.events import Progress
from queenlib.messages.worker import WorkerState
from queenlib.world import World

LOAD_S, LOAD_S_PER_GIB = 300.0, 20.0
"""How long a load may take, in seconds: in any case, and for each GiB of the model."""


async def load(worker: Worker, process: WorkerProcess, key: str, world: World) -> AsyncGenerator[Progress]:
    """Hear what a worker says of itself until it is ready, which it is when this ends.

    Raises:
        EngineError: Its engine could not load the model, and says why.
        WorkerDied: It ended, by itself or told to.
        WorkerStalled: It was not ready in time.
    """
    if worker.fate is not None:  # it was told to end before it had begun
        await process.kill()
    limit_s = LOAD_S + LOAD_S_PER_GIB * worker.spec.size / 1024**3
    try:
        async with world.limit(limit_s):
            async for message in process.messages():
                wanted = worker.fate is None and not worker.ended
                match message:
                    case {"type": "loading"} if wanted:
                        worker.become(WorkerState.LOADING)
                        yield _loaded(worker, whole=False)
                    case {"type": "failed", "reason": reason} if worker.fate is None:
                        worker.doom(f"could not load: {reason}")
                        raise _not_loaded(worker, str(reason), (await process.exited).last_lines)
                    case {"type": "ready", "url": str(url), "context": int(context)} if wanted:
                        worker.ready(worker.engine.connect(url, key, context, worker.id))
                        yield _loaded(worker, whole=True)
                        return
    except TimeoutError:
        raise _not_in_time(worker, limit_s) from None
    raise worker.died(await process.exited, f"while it loaded {worker.model}")


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


def _not_in_time(worker: Worker, limit_s: float) -> WorkerStalled:
    return WorkerStalled(
        f"Worker {worker.id} was not ready after {limit_s:.0f} s.",
        why=f"It loads {worker.model}, {worker.spec.size:,} bytes.",
        state="It was killed.",
        next=f"Try a smaller model, or look: await queen.workers.get({worker.id!r}, hive={worker.wanted.hive_id!r})",
        silent_s=limit_s,
        stopped=True,
    )
