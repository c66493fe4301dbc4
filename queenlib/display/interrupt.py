"""What the kernel's interrupt means for the jobs that a cell waits for.

It ends the waiting, as it does for any code. An answer that the cell itself asked for and waits for is cancelled, since
nobody waits for it any more; everything else goes on. One line says which, and how to go on.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from queenlib.display.cells import Run, current_run, earlier_runs
from queenlib.display.kernel import shell
from queenlib.display.shown import Shown
from queenlib.errors import QueenError
from queenlib.world import World

PROOF_S = 0.4
"""Seconds that the prompt waits for the proof that an answer has ended."""
LEFT_S = 1.0
"""A loop that was left so many seconds before an interrupt was noticed was left by it."""
NAMED = 3
"""Jobs that a line names."""
_ALIVE = ("queued", "running", "waiting")

_world = World()
_hooked: list[Any] = []
"""The shell whose cells are looked at when they end."""


def asked_for(job: Shown) -> None:
    """The running cell has asked for an answer. What it asked for when it last ran, and is not done with, is replaced."""
    run = current_run()
    if run is None:
        return
    _hook()
    run.made[job.id] = job
    for other in earlier_runs(run):
        for old in other.unfinished():
            if old.id != job.id:
                old.portal.submit(_end(old))
        other.made.clear()


class Listening:
    """The running cell's waiting for a job: for its end, or for what it says.

    Args:
        job_id: The job.
        job: A handle on it, if there is one.
    """

    def __init__(self, job_id: str, job: Shown | None = None) -> None:
        self._job_id, self._job = job_id, job

    def begin(self) -> None:
        """The waiting begins."""
        if (run := current_run()) is not None:
            _hook()
            run.awaited[self._job_id] = self._job
            run.left.pop(self._job_id, None)

    def leave(self) -> None:
        """It was given up, as by leaving a loop."""
        if (run := current_run()) is not None:
            run.left[self._job_id] = _world.monotonic()


def _hook() -> None:
    if (here := shell()) not in _hooked:
        _hooked[:] = [here]
        here.events.register("post_run_cell", _after_cell)


def _after_cell(result: Any) -> None:
    error = getattr(result, "error_in_exec", None)
    run = current_run()
    if run is not None and isinstance(error, (KeyboardInterrupt, asyncio.CancelledError)):
        for said in _settle(run):
            print(said)  # noqa: T201 - the person at the keyboard asks oneself just this


def _settle(run: Run) -> Iterator[str]:
    now = _world.monotonic()
    waited = [each for each in run.awaited if now - run.left.get(each, now) <= LEFT_S]
    ending = {each: run.made[each] for each in waited if each in run.made and not run.made[each].record.state.ended}
    proofs = {each: job.portal.submit(_end(job)) for each, job in ending.items()}
    concurrent.futures.wait(proofs.values(), PROOF_S)
    done = [each for each, proof in proofs.items() if proof.done()]
    yield from _told(done, "is cancelled", "are cancelled", ("cancelled",), "what came of {it} is kept: jobs.attach({id!r})")
    late = [each for each in ending if each not in done]
    yield from _told(late, "is being cancelled", "are being cancelled", ("cancelling", "cancelled"))
    others = [each for each in waited if each not in ending and not _has_ended(run, each)]
    on = ("come back to {it}: jobs.attach({id!r})", "end {it}: await jobs.cancel({id!r})")
    yield from _told(others, "goes on", "go on", _ALIVE, *on)


def _told(ids: list[str], one: str, many: str, states: tuple[str, ...], *advice: str) -> Iterator[str]:
    if not ids:
        return
    said = [f"{ids[0]} {one}" if len(ids) == 1 else f"{len(ids):,} jobs {many}: {', '.join(ids[:NAMED])}"]
    if more := len(ids[NAMED:]):
        said[0] += f" and {more:,} more"
    said += [each.format(id=ids[0], it="it" if len(ids) == 1 else "each") for each in advice]
    if more:
        said.append(f"find all: await jobs.list(state={list(states)})")
    yield f"Interrupted: {'; '.join(said)}"


def _has_ended(run: Run, job_id: str) -> bool:
    job = run.awaited[job_id]
    return job is not None and job.record.state.ended


async def _end(job: Shown) -> None:
    with suppress(QueenError):  # it was deleted, or the queen is gone: there is nothing to cancel
        await job.cancel()
