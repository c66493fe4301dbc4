"""Many answers in one cell, shown by one line: `5 running, 212 done`."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import Future
from contextlib import suppress

from queenlib import tables
from queenlib.display.card import Bundle, data_of
from queenlib.display.markup import text
from queenlib.display.mode import is_stable
from queenlib.display.screen import publish, replace
from queenlib.display.shown import Shown
from queenlib.errors import QueenError
from queenlib.messages.state import State
from queenlib.world import World

TICK_S = 0.25
"""Seconds between two lines."""
ASKED = 8
"""Jobs that are asked how they are at each of them; those that somebody waits for are known anyway."""
CARRIED = 256
"""Jobs whose data the line has in the end, so that `queenlib.read_notebook` finds them."""

_world = World()
_WORDS = {State.SUCCEEDED: "done"}


class Folding:
    """The line of one cell."""

    def __init__(self) -> None:
        self._jobs: list[Shown] = []
        self._place = _world.new_id("view")
        self._following: Future[None] | None = None

    def add(self, job: Shown) -> None:
        """Count a job as well; the first one makes the line appear."""
        self._jobs.append(job)
        if self._following is None:
            publish(line(self._jobs), self._place)
        if self._following is None or self._following.done():
            self._following = job.portal.submit(self._follow())

    async def _follow(self) -> None:
        with suppress(QueenError):  # the queen was closed, or a job deleted: what is known stays
            await self._count()
        ended = [job.record for job in self._jobs if job.record.state.ended][:CARRIED]
        replace(line(self._jobs) | ({} if is_stable() else data_of(ended)), self._place)

    async def _count(self) -> None:
        """Until all have ended; more may come meanwhile."""
        last, turn = "", 0
        while True:
            waiting = [job for job in self._jobs if not job.record.state.ended]
            for at in range(min(ASKED, len(waiting))):
                await waiting[(turn + at) % len(waiting)].refresh()
            turn += ASKED
            if (now := line(self._jobs))["text/plain"] != last:
                last = now["text/plain"]
                replace(now, self._place)
            if not waiting:
                return
            await _world.sleep(TICK_S)


def line(jobs: list[Shown]) -> Bundle:
    """How many are in which state."""
    counted = Counter(_WORDS.get(job.record.state, str(job.record.state)) for job in jobs)
    said = f"{len(jobs):,} more: " + ", ".join(f"{number:,} {word}" for word, number in sorted(counted.items()))
    return {"text/plain": tables.plain(said), "text/markdown": said, "text/html": f"<p>{text(said)}</p>"}
