"""What the buttons of a job's row do."""

from __future__ import annotations

import asyncio
from contextvars import copy_context

from queenlib import Queen, QueenError
from queenlib.display.screen import stay


class Opening:
    """Shows and cancels jobs; what it shows, it shows in the cell that it was made in."""

    def __init__(self, queen: Queen) -> None:
        self._queen = queen
        self._cell = copy_context()
        self._cell.run(stay)

    def obey(self, verb: str, name: str) -> None:
        """Begin what a button asks for, on the queen's own loop."""
        deeds = {"Show": self._show, "Cancel": self._cancel}
        if verb in deeds:
            asyncio.get_running_loop().create_task(deeds[verb](name), context=self._cell)

    async def _show(self, name: str) -> None:
        job = await asyncio.to_thread(self._queen.jobs.attach, name)
        job.show()

    async def _cancel(self, name: str) -> None:
        try:
            await self._queen.jobs.cancel(name)
        except QueenError:
            return  # it was deleted meanwhile, and its row goes
