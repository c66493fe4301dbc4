"""What the views of lists share: they watch what changes, and tell the page the list as it is now."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any

import traitlets

from queenlib import Queen, QueenError
from queenlib.display.rows import Table
from queenlib.messages.change import Watched
from queenlib.world import World
from queenlib_widgets import pace
from queenlib_widgets.opening import Opening
from queenlib_widgets.view import View

REST_S = 300.0
"""After so many seconds without a change, nobody is taken to look any more."""

_world = World()
Draw = Callable[[list[Any]], Table]


class Listing(View):
    """A view of lists that change. It watches from when it is made until it is closed, on the queen's own loop.

    Each list is a trait: its `caption`, its `columns`, and its `rows`, each with a `name`, `cells`, and `actions`.
    """

    def __init__(self, queen: Queen, **lists: tuple[Any, Draw]) -> None:
        self._portal, self._opening = queen.portal, Opening(queen)
        self._tables: dict[str, Table] = {}
        self._rest: asyncio.TimerHandle | None = None
        super().__init__()
        self.on_msg(self._hear)
        self.resting: Future[None] = Future()
        """Done when nothing has changed for long, or the view is closed."""
        self._watching = [queen.portal.submit(self._follow(name, *each)) for name, each in lists.items()]

    def tables(self) -> tuple[Table, ...]:
        """The lists as they are now."""
        return tuple(self._tables.values())

    def close(self) -> None:
        """Let go of what it watches; nothing ends by that."""
        for each in self._watching:
            each.cancel()
        self._be_still()
        super().close()

    async def _follow(self, trait: str, feed: Any, draw: Draw) -> None:
        watched: Watched[Any] = Watched()
        beating = asyncio.create_task(self._beat())
        due: asyncio.TimerHandle | None = None

        def speak() -> None:
            nonlocal due
            due = None
            self._tables[trait] = draw(list(watched.items.values()))
            setattr(self, trait, _for_page(self._tables[trait]))
            self._moved()

        try:
            async for change in feed:
                watched.take(change)
                due = due or asyncio.get_running_loop().call_later(pace.SLOW_S if watched.items else 0, speak)
        except QueenError as error:
            setattr(self, trait, {**getattr(self, trait), "caption": f"{error.what} {error.next}"})
        finally:
            beating.cancel()
            if due is not None:
                due.cancel()

    def _moved(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
        self._rest = asyncio.get_running_loop().call_later(REST_S, self._be_still)

    def _be_still(self) -> None:
        if not self.resting.done():
            self.resting.set_result(None)

    async def _beat(self) -> None:
        while True:
            await _world.sleep(pace.BEAT_S)
            self.send({"beat": 1})

    def _hear(self, _widget: Any, content: Any, _buffers: Any) -> None:
        """The page has said something; on which thread, differs from kernel to kernel, so nothing is done here."""
        if isinstance(content, dict):
            for verb, name in content.items():
                self._portal.soon(partial(self._opening.obey, str(verb), str(name)))


def empty() -> traitlets.Dict[str, Any]:
    """A trait for a list."""
    return traitlets.Dict(_for_page(Table("", (), ()))).tag(sync=True)


def _for_page(shown: Table) -> dict[str, Any]:
    state = shown.columns.index("state") if shown.columns else -1
    rows = [
        {"name": line.name, "cells": list(line.cells), "actions": ["Show"] + ["Cancel"] * (not line.ended)}
        for line in shown.lines
    ]
    return {"caption": shown.caption, "columns": list(shown.columns), "state": state, "rows": rows}
