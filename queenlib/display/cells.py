"""What the notebook's cells have made, wait for and show."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from queenlib.display.folding import Folding
from queenlib.display.kernel import in_kernel, shell
from queenlib.display.shown import Shown
from queenlib.errors import QueenError, UnknownJob

KEPT = 16
"""The newest runs of cells, which are remembered whatever they did; older ones as long as an answer of theirs goes on."""
VALUES = 4
"""Values of a run that are remembered because they are shown in a way of their own."""


@dataclass(eq=False)
class Run:
    """One run of a cell."""

    id: str
    """That of the front end's request."""
    place: str
    """The cell, where the front end says which; else empty."""
    made: dict[str, Shown] = field(default_factory=dict)
    """The answers that were asked for here, by job."""
    awaited: dict[str, Shown | None] = field(default_factory=dict)
    """What is waited for here, by job; `None` where there is no handle on it."""
    left: dict[str, float] = field(default_factory=dict)
    """When a loop over a job was left, on the world's clock."""
    shown: set[str] = field(default_factory=set)
    """The jobs that are shown here."""
    folding: Folding = field(default_factory=Folding)
    """The line that shows many of them together."""
    values: deque[tuple[Any, Callable[[], bool]]] = field(default_factory=lambda: deque(maxlen=VALUES))
    """The newest values that are shown in a way of their own, and each one's way."""
    asking: Future[None] | None = None
    """Asks how its answers are, of which nobody may have heard for long."""

    def unfinished(self) -> list[Shown]:
        """The answers that were asked for here and may still come."""
        return [job for job in list(self.made.values()) if not job.record.state.ended and job.portal.open]


_runs: OrderedDict[str, Run] = OrderedDict()


def current_run() -> Run | None:
    """The run of the cell whose code this is; `None` outside of a kernel, and on threads that belong to no cell."""
    if not in_kernel() or threading.current_thread() is not threading.main_thread():
        return None
    here = shell()
    parent = (here.get_parent() if hasattr(here, "get_parent") else None) or {}
    found = str((parent.get("header") or {}).get("msg_id", ""))
    if not found:
        return None
    if found not in _runs:
        _runs[found] = Run(found, str((parent.get("metadata") or {}).get("cellId", "")))
        _forget()
    return _runs[found]


def _forget() -> None:
    """Old runs go, but for those whose cell, run again, has an answer to replace."""
    for old in list(_runs.values())[:-KEPT]:
        old.values.clear()
        left = old.unfinished() if old.place else []
        if not left:
            del _runs[old.id]
        elif old.asking is None or old.asking.done():
            old.asking = left[0].portal.submit(_ask(old, left))


async def _ask(run: Run, jobs: list[Shown]) -> None:
    for job in jobs:
        try:
            await job.refresh()
        except UnknownJob:
            run.made.pop(job.id, None)
        except QueenError:
            return  # the next time


def earlier_runs(run: Run) -> list[Run]:
    """The runs of the same cell before this one, as far as they are remembered."""
    return [other for other in _runs.values() if other is not run and other.place and other.place == run.place]
