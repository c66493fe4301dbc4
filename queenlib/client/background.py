"""The queen of a home who is never this process: in the background on her own, or in a child that ends with us.

Where nobody has the home she is started; when she is gone, another is, as soon as somebody wants something of her. Nobody
takes the home himself, so that the end of this process, such as the restart of a kernel, costs nothing.
"""

from __future__ import annotations

import asyncio

from queenlib.client.backend import Backend
from queenlib.client.launch import Launch, end, launch
from queenlib.client.reign import Rule
from queenlib.client.succession import JOIN_S, TRY_S, Succession
from queenlib.file_lock import FileLock
from queenlib.home import Home
from queenlib.world import World


class Background(Succession):
    """Finds the queen of one home in another process, and starts her where there is none.

    Args:
        home: Which.
        world: Clock, ids and randomness.
        how: How she is started.
        join_s: Seconds in which a queen who has the home has to answer.
    """

    def __init__(self, home: Home, world: World, how: Launch, join_s: float = JOIN_S) -> None:
        super().__init__(home, world, Rule(), join_s)
        self._how = how
        self._starting = FileLock(home.start_lock_file)
        self._child: asyncio.subprocess.Process | None = None

    @property
    def is_ours(self) -> bool:
        """Whether she is our child, and ends with us."""
        return self._child is not None and self.address is not None and self.address.pid == self._child.pid

    async def close(self) -> None:
        """Let go of the queen; one in a child of ours ends her jobs and workers, and herself."""
        try:
            await super().close()
        finally:
            if self._child is not None:
                await end(self._child, self._world)

    async def _find(self, gone: Backend | None) -> None:
        async with self._turn:
            if self.queen is not gone:
                return
            until = self._world.monotonic() + self._join_s
            while not await self._joins(max(TRY_S, until - self._world.monotonic())):
                if self._world.monotonic() >= until:
                    raise self._silent()
                if await self._starts():
                    until = self._world.monotonic() + self._join_s
                await self._world.sleep(TRY_S)

    async def _starts(self) -> bool:
        """Start her, unless somebody does that already; whether one of us has."""
        if not self._starting.try_take():
            return True  # he is not given up on as long as he tries
        try:
            before, self._child = self._child, await launch(self.home, self._world, self._how)
            if before is not None:
                await end(before, self._world)
        finally:
            self._starting.release()
        return False

    async def _watch(self) -> None:
        """Nobody is missed as long as nothing is wanted: one who has nothing to do may end."""
