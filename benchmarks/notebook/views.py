"""What many views that were made and finished leave behind in the kernel: threads, widgets, memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.log.figures import Figure
from benchmarks.notebook.stage import Stage, stage

FIRST = 200
"""So many come before the first look: those that have just ended are kept for a while."""
ASK = "answer = await ask(20, 1e9)"
LOOK = """
import gc, psutil, threading
from ipywidgets.widgets.widget import _instances
gc.collect()
print(threading.active_count(), len(_instances), psutil.Process().memory_full_info().uss)
"""


@dataclass(frozen=True)
class Held:
    """What a kernel holds."""

    threads: int
    widgets: int
    size: int
    """Its own memory, in bytes."""


def figures(folder: Path, *, views: int = 200) -> Iterator[Figure]:
    """What so many more of them add."""
    with stage(folder / "home") as made:
        before, after = grown(made, FIRST, views)
    yield Figure(f"threads that {views} finished views add", after.threads - before.threads, "threads", 0, most=True)
    yield Figure(f"widgets that {views} finished views add", after.widgets - before.widgets, "widgets", 4, most=True)
    yield Figure(f"memory that {views} finished views add", (after.size - before.size) / 1e6, "MB", 4, most=True)


def grown(made: Stage, first: int, views: int) -> tuple[Held, Held]:
    """What it holds after the first views, and after so many more, each in a cell of its own."""
    return _after(made, first), _after(made, views)


def _after(made: Stage, views: int) -> Held:
    for _ in range(views):
        made.run(ASK)
    threads, widgets, size = map(int, made.printed(LOOK).split())
    return Held(threads, widgets, size)
