"""The live views that are installed. The library never imports them: they say themselves what they show."""

from __future__ import annotations

from concurrent.futures import Future
from functools import cache
from importlib.metadata import entry_points
from typing import Any, Protocol

from queenlib.display.card import Bundle
from queenlib.display.rows import Table
from queenlib.messages.snapshot import Snapshot

GROUP = "queenlib.views"
"""Where a package names its views: an entry point for each kind of thing, such as `infer` or `job`."""

LISTS = ("hives", "jobs", "queen", "comparison")
"""The kinds that are no job."""


class Closed(Protocol):
    """What can be let go of."""

    def close(self) -> None:
        """Let go of it."""
        ...


class View(Closed, Protocol):
    """A live view of one job. It follows the job's log by itself, and owns nothing."""

    following: Future[Snapshot]
    """How the job ended, once it has; or the error that it cannot be followed for."""

    def bundle(self) -> Bundle:
        """What a front end needs to show it."""
        ...


class Beside(Closed, Protocol):
    """Live views of several jobs, side by side."""

    def bundle(self) -> Bundle:
        """What a front end needs to show them."""
        ...


class ListView(Protocol):
    """A live view of lists. It watches them by itself."""

    resting: Future[None]
    """Done when nothing has changed for long, or the view is closed."""

    def bundle(self) -> Bundle:
        """What a front end needs to show it."""
        ...

    def tables(self) -> tuple[Table, ...]:
        """The lists as they are now."""
        ...

    def close(self) -> None:
        """Let go of them."""
        ...


@cache
def view_of(kind: str) -> Any:
    """The class of the view for one kind of thing, made from what it shows; `None` where there is none.

    Args:
        kind: Such as `hives`; for a job, its operation: one that has no view of its own has that of any `job`.
    """
    for found in entry_points(group=GROUP, name=kind):
        return found.load()
    return None if kind in LISTS or kind == "job" else view_of("job")
