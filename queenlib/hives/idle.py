"""Workers that nobody uses: stopped after their `keep_alive`, or all at once; who needs one then has it loaded again."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import suppress

from queenlib.errors import NotStopped
from queenlib.hives.worker import Worker
from queenlib.hives.workers import Workers
from queenlib.messages.events import Log
from queenlib.messages.worker import KeepAlive, WorkerState

FIRST_USE_S = 5.0
"""So long a new worker is kept for whoever had it loaded, in seconds, though its `keep_alive` be shorter."""


def left_s(worker: Worker, usual: KeepAlive, now: float) -> float | None:
    """How long an idle worker is still kept, in seconds; `None` for one that is in use, ends already, or is always kept.

    Args:
        worker: The worker.
        usual: Its hive's `keep_alive`.
        now: The world's monotonic clock, in seconds.
    """
    keep = usual if worker.keep_alive is None else worker.keep_alive
    if keep == "never" or worker.idle_since is None:
        return None
    return worker.idle_since + (keep if worker.used else max(keep, FIRST_USE_S)) - now


async def keep(workers: Workers, worker: Worker) -> None:
    """See to a worker that is loaded until it has ended: when its time has come, it is stopped."""
    world = workers.world
    while not worker.ended:
        left = left_s(worker, workers.keep_alive, world.monotonic())
        if left is not None and left <= 0:
            with suppress(NotStopped):  # it stays as it is, draining, until somebody stops it and is told
                await rest(workers, worker, "nobody used it for its keep_alive")
            return
        with suppress(TimeoutError):
            async with world.limit(left):
                await workers.queue.turn()


def idle(workers: Workers) -> tuple[Worker, ...]:
    """The workers that nobody uses, the longest idle first."""
    found = [(worker.idle_since, worker) for worker in workers.all() if worker.idle_since is not None]
    return tuple(worker for _, worker in sorted(found, key=lambda each: each[0]))


async def rest(workers: Workers, worker: Worker, why: str) -> None:
    """Stop an idle worker; it has ended when this returns. Whoever needs it then has it loaded as it was.

    Raises:
        NotStopped: Its process was killed and is still there.
    """
    worker.rested = True
    worker.become(WorkerState.DRAINING, why)  # in this moment: nobody is given a slot of it any more
    workers.changed()
    await workers.end(worker, f"{why}; the next use loads it again", WorkerState.STOPPED)


async def stop_idle(workers: Workers) -> AsyncGenerator[Log | Worker]:
    """Stop all workers that nobody uses: yields what happens and each that has ended.

    Raises:
        NotStopped: A process was killed and is still there.
    """
    for worker in idle(workers):
        if worker.idle_since is not None:  # it may have been taken while another was stopped
            await rest(workers, worker, "all idle workers were told to stop")
            yield Log(text=f"worker {worker.id}: stopped, it was idle")
            yield worker
