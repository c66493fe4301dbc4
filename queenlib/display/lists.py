"""Showing lists that change: by a view while somebody may look, and as a picture when nothing moves any more."""

from __future__ import annotations

import asyncio
import atexit
from collections.abc import Iterable
from contextlib import aclosing
from typing import Any

from queenlib import tables
from queenlib.display.card import Bundle
from queenlib.display.mode import Mode, current_mode, is_stable
from queenlib.display.rows import Table, hive_table, job_table
from queenlib.display.screen import publish, replace
from queenlib.display.views import ListView, view_of
from queenlib.errors import QueenError
from queenlib.world import World

GLANCE_S = 1.0
"""Seconds that a view waits for the picture beside it; without one it is shown all the same."""
_PARTS = {"hives": slice(0, 1), "jobs": slice(1, 2), "queen": slice(0, 2)}
"""What of `look` each kind of view shows."""

_world = World()
_open: dict[str, ListView] = {}
"""The views that are shown, by their place."""


def show_list(kind: str, queen: Any, **wanted: Any) -> bool:
    """Show a list in the running cell by its view; whether there is one here. Beside it is a picture of what it shows first.

    Args:
        kind: `hives`, `jobs` or `queen`.
        queen: Whose.
        wanted: What the view is made with beside her.
    """
    found = view_of(kind) if current_mode() is Mode.LIVE else None
    if found is None:
        return False
    if not _open:
        atexit.register(_still_all)
    view: ListView = found(queen, **wanted)
    place = _world.new_id("view")
    _open[place] = view
    publish(queen.portal.wait(_glance(kind, queen, wanted)) | view.bundle(), place)
    queen.portal.submit(_still_later(place, view))
    return True


async def _glance(kind: str, queen: Any, wanted: dict[str, Any]) -> Bundle:
    """What a notebook has that is saved while its kernel is there; one far away that does not answer holds nobody up."""
    try:
        async with asyncio.timeout(GLANCE_S):
            found: tuple[Table, ...] = await look(queen, **wanted)
            return picture(found[_PARTS[kind]], _note())
    except (QueenError, TimeoutError):
        return {"text/plain": f"<{kind}>"}


async def look(queen: Any, **wanted: Any) -> tuple[Table, Table]:
    """Her hives, and those of her jobs that are wanted, as they are now."""
    async with aclosing(aiter(queen.hives.watch())) as hives, aclosing(aiter(queen.jobs.watch(**wanted))) as jobs:
        return hive_table((await anext(hives)).items), job_table((await anext(jobs)).items)


def picture(shown: Iterable[Table], note: str = "") -> Bundle:
    """Lists as they are now."""
    found = [each.stable() if is_stable() else each for each in shown]
    said = [note] if note else []
    return {
        "text/plain": "\n\n".join([each.text() for each in found] + said),
        "text/html": "".join([each.html() for each in found] + [f"<p>{line}</p>" for line in said]),
    }


async def _still_later(place: str, view: ListView) -> None:
    await asyncio.wrap_future(view.resting)
    _still(place, view)


def _still(place: str, view: ListView) -> None:
    """A picture takes the view's place: it is what is saved, and needs no kernel."""
    if _open.pop(place, None) is not None:
        replace(picture(view.tables(), _note()), place)
        view.close()


def _note() -> str:
    again = "run the cell again to go on."
    return again.capitalize() if is_stable() else f"As of {tables.moment(_world.now())}; {again}"


def _still_all() -> None:
    for place, view in list(_open.items()):
        _still(place, view)
