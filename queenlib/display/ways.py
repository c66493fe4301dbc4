"""Values that are shown in a way of their own where they are the last thing in a cell.

An answer that a view of its job shows is not printed again; a list is shown by a view that follows it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from queenlib.display.cells import current_run
from queenlib.display.kernel import shell
from queenlib.display.shown import Shown

Way = Callable[[], bool]
"""Shows a value; whether it did."""


def shown_by(value: Any, way: Way) -> None:
    """If the running cell ends with this very value, it is shown in this way."""
    if (run := current_run()) is None:
        return
    run.values.append((value, way))
    shell().display_formatter.ipython_display_formatter.for_type(type(value), _show)


def is_seen(job: Shown, result: Any) -> None:
    """This is the result of a job; if the running cell shows the job, it shows this."""
    run = current_run()
    if run is not None and job.id in run.shown:
        shown_by(result, lambda: True)


def _show(value: Any) -> None:
    run = current_run()
    for each, way in reversed(run.values if run else ()):
        if each is value and way():
            return
    raise NotImplementedError  # to IPython that means: show it in another way
