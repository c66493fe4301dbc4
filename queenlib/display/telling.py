"""A job on a plain terminal: what happens, line by line, and the answer as it comes."""

from __future__ import annotations

from collections.abc import Iterator

from queenlib import tables
from queenlib.display.facts import how_far
from queenlib.display.shown import Shown
from queenlib.messages.events import Event, LogEvent, Progress, ProgressEvent

STEP = 0.1
"""What is under way is told of each time that so much more of it is done."""


def tell(job: Shown) -> None:
    """Print what a job says until it ends, from its first event on."""
    told: dict[str, float] = {}
    for event in job.events():
        for line in _said(event, told):
            print(tables.printable(line), end="", flush=True)  # noqa: T201 - this is what it is for


def _said(event: Event, told: dict[str, float]) -> Iterator[str]:
    match event:
        case ProgressEvent(data=data):
            if _worth_it(data, told):
                yield f"· {how_far(data)}\n"
        case LogEvent(data=data):
            if data.level != "debug":
                yield f"{data.text}\n"
        case _:
            yield str(event)


def _worth_it(progress: Progress, told: dict[str, float]) -> bool:
    if not progress.total:
        return progress.what not in told and not told.update({progress.what: 0.0})
    share = progress.done / progress.total
    if share < 1 and share - told.get(progress.what, -STEP) < STEP:
        return False
    told[progress.what] = share
    return True
