"""Several jobs, cancelled together."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from queenlib.errors import InvalidRequest, StoreFailed
from queenlib.messages.cancelled import Cancelled, CancelledJob
from queenlib.messages.filter import JobFilter
from queenlib.registry.run import Run
from queenlib.registry.stop import Stop

PATIENCE_S = 10.0
"""Seconds after which the answer comes, though one of them has not ended: it says so."""


async def cancel_all(runs: Mapping[str, Run], wanted: JobFilter, *, everything: bool = False) -> Cancelled:
    """Cancel the jobs that are wanted and have not ended; each of them has ended when this returns, or is `cancelling`.

    Args:
        runs: Every job that has not ended.
        wanted: Which of them.
        everything: That all of them are meant, where nothing is said of which.

    Raises:
        InvalidRequest: Neither is said, or both are.
    """
    if wanted.chooses is everything:
        raise InvalidRequest(
            "Which jobs are to be cancelled is said twice." if everything else "Which jobs are to be cancelled is not said.",
            why="It takes a filter, such as tags or state; or everything=True, without one.",
            state="No job was cancelled.",
            next='For example: await queen.jobs.cancel_all(tags="evaluation")',
        )
    meant = [
        run
        for run in runs.values()
        if run.log.made and run.log.tail.lost is None and _lives(run) and wanted.admits(run.log.shown)
    ]
    for run in meant:
        run.stop(Stop.cancel(run.id))
    if meant:
        await asyncio.wait([asyncio.create_task(_ended(run), name=f"cancel {run.id}") for run in meant], timeout=PATIENCE_S)
    return Cancelled(jobs=tuple(_row(run) for run in meant))


def _lives(run: Run) -> bool:
    return not run.log.record.state.ended


async def _ended(run: Run) -> None:
    with suppress(StoreFailed):  # it is not shown as ended, and whoever asks for it alone is told why
        await run.ended()


def _row(run: Run) -> CancelledJob:
    job = run.log.shown
    return CancelledJob(id=job.id, operation=job.operation, state=job.state, reason=job.reason)
