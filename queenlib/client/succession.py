"""Who the queen of a home is, now and when she dies: one in this process where the home is free, else the one who has it."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from queenlib.client.backend import Backend
from queenlib.client.reign import Address, Reign, Rule
from queenlib.errors import HomeTaken, InvalidRequest, ProtocolMismatch, QueenError
from queenlib.file_lock import FileLock
from queenlib.home import Home, read_token
from queenlib.world import World

JOIN_S = 10.0
"""Seconds in which the queen of a home has to answer, or her home to become free."""
LOOK_S = 1.0
"""A client looks this often, in seconds, whether its queen is still there."""
TRY_S = 0.05
"""Seconds between two tries to take a home or to join who has it."""


class Succession:
    """Finds the queen of one home, and finds another when that one is gone.

    Args:
        home: Which.
        world: Clock, ids and randomness.
        rule: How a queen in this process reigns.
        join_s: Seconds in which the queen who has the home has to answer.
    """

    def __init__(self, home: Home, world: World, rule: Rule, join_s: float = JOIN_S) -> None:
        self.reign: Reign | None = None
        """That of this process, once it has the home."""
        self.queen: Backend | None = None
        """Who has the home, as far as is known."""
        self.address: Address | None = None
        """Where she is; `None` for this process."""
        self.closed = False
        self.home, self._world, self._rule, self._join_s = home, world, rule, join_s
        self._turn = asyncio.Lock()
        self._finding: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None

    async def find(self, gone: Backend | None) -> None:
        """Find who has the home now, and take it if nobody has; `gone` is the one who does not answer any more.

        Raises:
            HomeTaken: Somebody has it, and does not answer.
            ProtocolMismatch: She has it, and is of a version that we cannot speak with.
            StoreUnusable: Nobody has it, and its store cannot be used.
        """
        if self.queen is not gone:
            return
        if self._finding is None:
            self._finding = asyncio.create_task(self._find(gone), name="find queen")
            self._finding.add_done_callback(self._found)
        await asyncio.shield(self._finding)  # who leaves now does not leave a home half taken

    def leaves(self) -> bool:
        """Whether the one who has the home does not say where she is any more: then she is being closed."""
        return Address.read(self.home) != self.address

    async def succeeded(self, gone: Backend) -> None:
        """Return when another has the home than one who has ended in order: who only watches starts none after her.

        One who was killed still says where she is: it returns at once, for her jobs are to go on.
        """
        while self.queen is gone and not self.closed and Address.read(self.home) is None:
            await self._world.sleep(LOOK_S)

    async def close(self) -> None:
        """Let go of the queen, who is closed if she is in this process, and look for no other."""
        self.closed = True
        try:
            for task in (self._watching, self._finding):
                if task is not None:
                    task.cancel()
                    await asyncio.wait({task})
        finally:
            if self.reign is not None:
                await self.reign.close()
            elif self.queen is not None:
                await self.queen.close()

    def _found(self, task: asyncio.Task[None]) -> None:
        self._finding = None
        if not task.cancelled():
            task.exception()  # it is told to those who wait, if anybody still does

    async def _find(self, gone: Backend | None) -> None:
        async with self._turn:
            if self.queen is not gone:
                return
            until = self._world.monotonic() + self._join_s
            while not await self._reigns():
                if await self._joins(until - self._world.monotonic()):
                    return
                if self._world.monotonic() >= until:
                    raise self._silent()
                await self._world.sleep(TRY_S)

    async def _reigns(self) -> bool:
        """Take the home, if it is free and nobody starts a queen for it who is to have it."""
        starting = FileLock(self.home.start_lock_file)
        if starting.path.exists() and not starting.try_take():
            return False
        try:
            self.reign = await Reign.begin(self.home, self._world, self._rule)
        except HomeTaken:
            return False
        finally:
            starting.release()
        self.reign.listen_soon()
        await self._follow(self.reign.router, None)
        return True

    async def _joins(self, within_s: float) -> bool:
        """Become a client of the one who has the home, or stay it, if she answers."""
        address = Address.read(self.home)
        if address is None or not self.home.token_file.exists():
            return False
        if self.queen is not None and address == self.address:
            return await self._answers(self.queen, within_s)
        from queenlib.client.remote import RemoteQueen  # here: who is alone needs no HTTP client

        token, joined = read_token(self.home.token_file), False
        try:
            remote = RemoteQueen(address.url, token, self._world, tries=1)
        except InvalidRequest:  # that is no address: somebody else has written it
            return False
        try:
            joined = await self._answers(remote, within_s)
        finally:
            if not joined:
                await remote.close()
        if joined:
            await self._follow(remote, address)
            self._watching = self._watching or asyncio.create_task(self._watch(), name="watch home")
        return joined

    async def _answers(self, queen: Backend, within_s: float) -> bool:
        try:
            async with self._world.limit(within_s):
                await queen.info()
                return True
        except ProtocolMismatch:
            raise  # she is there, and will not learn to speak with us
        except (QueenError, TimeoutError):
            return False

    async def _follow(self, queen: Backend, address: Address | None) -> None:
        before, self.queen, self.address = self.queen, queen, address
        if before is not None:
            await before.close()  # whoever still reads there is told, and comes here

    async def _watch(self) -> None:
        """Take the home when its queen has died: her jobs are to go on though nobody asks."""
        while self.reign is None:
            await self._world.sleep(LOOK_S)
            with suppress(Exception):  # whatever it is, who asks next is told
                async with self._turn:
                    if self.reign is None:
                        await self._reigns()

    def _silent(self) -> HomeTaken:
        address = Address.read(self.home)
        there = "It does not say where it listens."
        if address is not None:
            there = f"It should listen at {address.url} (process {address.pid}, queenlib {address.version})."
        return HomeTaken(
            f"Another process has {self.home.path}, and did not answer within {self._join_s:g} s.",
            why=there,
            state="Nothing was started.",
            next=f"See who it is: fuser {self.home.path / 'jobs.lock'}; or take another home: QUEENLIB_HOME=/path",
            path=str(self.home.path),
        )
