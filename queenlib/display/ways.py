"""Values that are shown in a way of their own where they are the last thing in a cell.

An answer that a view of its job shows is not printed again; a list is shown by a view that follows it. Where nobody sits, an
answer is shown as its job is, with the data that `queenlib.read_notebook` finds.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from queenlib.display.card import card
from queenlib.display.cells import current_run
from queenlib.display.kernel import shell
from queenlib.display.lists import picture
from queenlib.display.mode import Mode, current_mode, is_stable
from queenlib.display.rows import listing_table
from queenlib.display.screen import publish
from queenlib.display.shown import Shown
from queenlib.messages.listing import Listing
from queenlib.messages.snapshot import Snapshot

Way = Callable[[], bool]
"""Shows a value; whether it did."""


def shown_by(value: Any, way: Way) -> None:
    """If the running cell ends with this very value, it is shown in this way."""
    if (run := current_run()) is None:
        return
    run.values.append((value, way))
    _look_at(type(value))


def is_seen(job: Shown, result: Any) -> None:
    """This is the result of a job; if the running cell shows the job, it shows this."""
    run = current_run()
    if run is None:
        return
    if job.id in run.shown:
        shown_by(result, lambda: True)
    elif job.operation == "infer" and current_mode() is Mode.STATIC:
        shown_by(result, partial(_as_job, job))
    elif isinstance(result, Listing):
        _look_at(type(result))


def _as_job(job: Shown) -> bool:
    publish(card(Snapshot(job=job.record), stable=is_stable()))
    return True


def _look_at(kind: type) -> None:
    shell().display_formatter.ipython_display_formatter.for_type(kind, _show)


def _show(value: Any) -> None:
    run = current_run()
    for each, way in reversed(run.values if run else ()):
        if each is value and way():
            return
    if isinstance(value, Listing) and is_stable():
        publish(picture([listing_table(value)]))
        return
    raise NotImplementedError  # to IPython that means: show it in another way
