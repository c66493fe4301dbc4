"""The door of a registry: whether another job is let in, who is inside, and since when nobody has been."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress

from queenlib.errors import StoreFailed
from queenlib.registry.limits import Limits
from queenlib.registry.refusals import draining, queue_full
from queenlib.registry.run import Run
from queenlib.world import World


class Door:
    """Open, until it is shut for good: first to drain, then to close.

    Args:
        runs: Every job that has not ended, and those whose end could not be kept.
        world: Whose clock bounds the draining.
        limits: How many are let in.
    """

    def __init__(self, runs: Mapping[str, Run], world: World, limits: Limits) -> None:
        self._runs, self._world, self._limits = runs, world, limits
        self._closed = False
        self._drained_at: float | None = None
        self._left_at = world.monotonic()

    def check(self) -> None:
        """See whether another job may come in.

        Raises:
            QueenDraining: She ends, and takes no further job.
            QueueFull: There is no room for another job, or she is being closed.
        """
        if self._closed or len(self._runs) >= self._limits.unfinished:
            raise queue_full(len(self._runs), self._limits.retry_after_s, closed=self._closed)
        if self._drained_at is not None:
            raise draining(len(self._inside()), max(1.0, self._drained_at - self._world.monotonic()))

    def close(self) -> None:
        """Let nobody in any more."""
        self._closed = True

    async def drain(self, grace_s: float) -> None:
        """Let nobody in any more, and wait until those at work have ended, for `grace_s` seconds at most.

        Who waits to be started is not waited for.
        """
        self._drained_at = self._world.monotonic() + grace_s
        with suppress(TimeoutError):
            async with self._world.limit(grace_s):
                while working := [run for run in self._inside() if run.started]:
                    with suppress(StoreFailed):  # its readers are told
                        await working[0].ended()

    def left(self, job_id: str) -> Run:
        """Note that a job has just ended; gives it."""
        self._left_at = self._world.monotonic()
        return self._runs[job_id]

    @property
    def draining(self) -> bool:
        """Whether it is shut, and those inside may still end."""
        return self._drained_at is not None

    @property
    def quiet_since(self) -> float | None:
        """Since when nobody has been inside, on the world's `monotonic` clock; `None` while somebody is."""
        return None if self._inside() else self._left_at

    def states(self) -> dict[str, int]:
        """How many jobs have not ended, by their state."""
        return dict(Counter(str(run.log.record.state) for run in self._inside()))

    def _inside(self) -> list[Run]:
        return [run for run in self._runs.values() if not run.log.record.state.ended]
