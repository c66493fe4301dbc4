"""Showing a job in the running cell: by a view that follows it, and in the end as a picture that stays."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress

from queenlib.display.card import card
from queenlib.display.cells import Run, current_run
from queenlib.display.interrupt import Listening
from queenlib.display.kernel import in_kernel
from queenlib.display.mode import Mode, current_mode, is_stable
from queenlib.display.screen import publish, replace
from queenlib.display.shown import Shown
from queenlib.display.telling import tell
from queenlib.display.views import Closed, View, view_of
from queenlib.errors import QueenError
from queenlib.messages.snapshot import Snapshot
from queenlib.world import World

EACH = 3
"""Answers in one cell that have a view of their own; further ones share a line."""
PATIENCE_S = 0.3
"""What takes less is not shown while it is waited for, answers apart."""
UPDATE_S = 0.25
"""Seconds between two pictures where there are no views."""
PARKED = 64
"""Views of jobs that have ended that are kept: a page that was loaded anew may still show them."""

_parked: deque[Closed] = deque()
_world = World()


def show(job: Shown) -> None:
    """Show a job in the running cell, in the way of `current_mode`.

    Where nobody watches, and on a terminal, this returns when the job has ended.
    """
    match current_mode():
        case Mode.TEXT:
            tell(job)
        case Mode.STATIC:
            if (run := current_run()) is not None:
                run.shown.add(job.id)
            snapshot = job.portal.wait(ended(job))
            publish(card(snapshot, stable=is_stable()))
        case mode:
            _show_moving(job, mode, current_run())


def show_line(job: Shown) -> None:
    """Show a job by its `repr`, where there is to be text alone."""
    if not in_kernel():
        raise NotImplementedError  # to IPython that means: its repr will do
    publish({"text/plain": repr(job)})


def attend(job: Shown) -> None:
    """The running cell waits for this job: who sits before it may watch.

    An answer is shown at once, anything else when it takes its time, and nothing twice in a cell.
    """
    run = current_run()
    if run is None:
        return
    Listening(job.id, job).begin()
    if job.id in run.shown or job.record.state.ended or current_mode() not in (Mode.LIVE, Mode.UPDATE):
        return
    if job.operation == "infer":
        _show_moving(job, current_mode(), run)
    else:
        job.portal.submit(_show_late(job, current_mode(), run))


async def _show_late(job: Shown, mode: Mode, run: Run) -> None:
    await _world.sleep(PATIENCE_S)
    if not job.record.state.ended and job.id not in run.shown:
        _show_moving(job, mode, run)


def _show_moving(job: Shown, mode: Mode, run: Run | None) -> None:
    if run is not None:
        run.shown.add(job.id)
        if len(run.shown) > EACH:
            run.folding.add(job)
            return
    place = _world.new_id("view")
    now = card(Snapshot(job=job.record))
    found = view_of(job.operation) if mode is Mode.LIVE else None
    if found is None:
        publish(now, place)
        job.portal.submit(_update(job, place))
        return
    view: View = found(job)
    publish(now | view.bundle(), place)
    job.portal.submit(_freeze(job, view, place))


async def _freeze(job: Shown, view: View, place: str) -> None:
    """Once the job has ended, a picture takes the view's place: it is what is saved, and needs no kernel."""
    try:
        snapshot = await asyncio.wrap_future(view.following)
    except QueenError:
        return  # the view says what became of it, and the picture from before stays beside it
    replace(card(snapshot, stable=is_stable()), place)
    park(view)


def park(view: Closed) -> None:
    """Keep a view whose job has ended for a while: a page that was loaded anew may still show it."""
    _parked.append(view)
    while len(_parked) > PARKED:
        _parked.popleft().close()


async def _update(job: Shown, place: str) -> None:
    """Pictures of a job until it has ended. Of one that ends with its queen the end can be heard, but not asked for."""
    hearing = asyncio.create_task(_hear(job))
    shown, last = Snapshot(job=job.record), -1
    try:
        while True:
            shown = await job.snapshot()
            if shown.job.last_seq != last:
                last = shown.job.last_seq
                replace(card(shown, stable=is_stable() and shown.job.state.ended), place)
            if shown.job.state.ended:
                return
            await _world.sleep(UPDATE_S)
    except QueenError:
        await asyncio.wait({hearing}, timeout=UPDATE_S)
        if job.record.state.ended:
            replace(card(shown.model_copy(update={"job": job.record}), stable=is_stable()), place)
    finally:
        hearing.cancel()


async def _hear(job: Shown) -> None:
    with suppress(QueenError):
        async for _ in job.events(job.record.last_seq, every_s=UPDATE_S):
            pass


async def ended(job: Shown) -> Snapshot:
    """Wait for a job's end, on its own loop; how it ended."""
    async for _ in job.events(job.record.last_seq):
        pass
    return await job.snapshot()
