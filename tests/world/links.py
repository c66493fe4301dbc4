"""Lines between clients and queens, in memory, that break."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from typing import Any, TypeVar, cast

from queenlib.errors import Conflict
from queenlib.messages.events import Event
from tests.world.queen import Process, SimulatedQueen

T = TypeVar("T")

LATENCY_S = (0.0, 0.0, 0.001, 0.003)
"""What a word takes from one end to the other."""
PAUSES_S = (0.01, 0.1, 1.0, 10.0, 100.0)
"""After this time somebody who was cut off comes again, the next time after that; the last stays."""


class Cut(Exception):
    """The line broke: what became of what was asked is not known."""


class Patience:
    """Somebody waits, a little longer each time."""

    def __init__(self) -> None:
        self.times = 0
        """So often."""

    async def wait(self) -> None:
        """Wait a while."""
        pause_s = PAUSES_S[min(self.times, len(PAUSES_S) - 1)]
        self.times += 1
        await asyncio.sleep(pause_s)


class Net:
    """All lines that there are, and to whom a new one leads."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.processes: list[Process] = []
        """The queens that live, the newest last."""
        self._lines: list[asyncio.Future[None]] = []

    def cut(self, choice: int) -> None:
        """One line breaks."""
        lines = [line for line in self._lines if not line.done()]
        if lines:
            lines[choice % len(lines)].set_result(None)

    async def call(self, deed: Callable[[SimulatedQueen], Coroutine[Any, Any, T]]) -> T:
        """What a queen says to something, over a line of its own.

        Raises:
            Cut: The line broke, before she heard of it or before the answer was here.
        """
        process, line = await self._dial()
        try:
            return await self._ask(process, line, lambda: deed(_router(process)))
        finally:
            self._hang_up(line)

    async def stream(self, job_id: str, after: int, epoch: int) -> AsyncGenerator[Event]:
        """A job's events after number `after`, over a line of its own.

        Raises:
            Cut: The line broke.
        """
        process, line = await self._dial()
        events: AsyncIterator[Event] | None = None
        try:
            events = await self._ask(process, line, lambda: _router(process).execute_job(job_id, after, epoch))
            following = events
            while (event := await self._ask(process, line, lambda: _next(following), alone=False)) is not None:
                yield event
        finally:
            self._hang_up(line)
            if events is not None:
                await cast("AsyncGenerator[Event]", events).aclose()

    async def _dial(self) -> tuple[Process, asyncio.Future[None]]:
        patience = Patience()
        while not (there := [each for each in self.processes if each.router is not None and not each.gone.done()]):
            await patience.wait()
        line: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._lines.append(line)
        return self.chance.choice([*there, there[-1], there[-1]]), line

    def _hang_up(self, line: asyncio.Future[None]) -> None:
        self._lines.remove(line)

    async def _ask(
        self,
        process: Process,
        line: asyncio.Future[None],
        deed: Callable[[], Coroutine[Any, Any, T]],
        *,
        alone: bool = True,
    ) -> T:
        """What a process answers; `alone`: it may go on with it when nobody waits for the answer any more."""
        await asyncio.sleep(self.chance.choice(LATENCY_S))
        if line.done() or process.gone.done():
            raise Cut
        answer = process.run(deed)
        either: set[asyncio.Future[Any]] = {answer, line, process.gone}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if answer.done() and not answer.cancelled():
            answer.exception()  # seen, also where the answer is lost
            await asyncio.sleep(self.chance.choice(LATENCY_S))
        if not answer.done():
            answer.add_done_callback(_see)
            if not alone or self.chance.random() < 0.5:
                answer.cancel()
            if not alone:
                await asyncio.wait({answer})
        if line.done() or process.gone.done():
            raise Cut
        try:
            return answer.result()
        except Conflict:
            if process.followed:
                raise Cut from None  # what she knows of a job is old
            raise


def _see(answer: asyncio.Task[Any]) -> None:
    """Whatever came of it, nobody is there to hear it."""
    if not answer.cancelled():
        answer.exception()


def _router(process: Process) -> SimulatedQueen:
    assert process.router is not None
    return process.router


async def _next(events: AsyncIterator[Event]) -> Event | None:
    return await anext(events, None)
