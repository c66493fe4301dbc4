"""The queen of a home, whoever she is: one in this process where the home is free, else a client of the one who has it.

When that one dies, the home is free again: one of her clients takes it, and the others join that one. Their calls and their
streams go on where they were.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing, suppress
from typing import Any, TypeVar, cast

from queenlib.client.backend import Backend
from queenlib.client.reign import Address, Reign, Rule
from queenlib.errors import HomeTaken, QueenError, QueenUnreachable, StreamInterrupted
from queenlib.home import Home, read_token
from queenlib.messages.base import Deleted, Operation
from queenlib.messages.events import EndEvent, Event
from queenlib.messages.job import USUAL, JobListing, JobRecord, JobTicket, Pruned, QueenInfo, Terms
from queenlib.world import World

T = TypeVar("T")

JOIN_S = 10.0
"""Seconds in which the queen of a home has to answer, or her home to become free."""
LOOK_S = 1.0
"""A client looks this often, in seconds, whether its queen is still there."""


class Seat:
    """The queen of one home; satisfies `queenlib.client.backend.Backend`."""

    def __init__(self, home: Home, world: World, rule: Rule) -> None:
        self.home = home
        self._world, self._rule = world, rule
        self._reign: Reign | None = None
        self._backend: Backend | None = None
        self._address: Address | None = None
        self._settling = asyncio.Lock()
        self._watching: asyncio.Task[None] | None = None

    @classmethod
    async def take(cls, home: Home, world: World, rule: Rule) -> Seat:
        """Take the home, or join who has it.

        Raises:
            HomeTaken: Another process has the home, and does not answer.
            StoreUnusable: The store cannot be used, and was not touched.
        """
        seat = cls(home, world, rule)
        await seat._settle(None)
        return seat

    @property
    def joined(self) -> Address | None:
        """Where the queen of this home is; `None` for this process."""
        return self._address

    async def create_job(self, payload: Operation | Mapping[str, Any], *, terms: Terms = USUAL) -> JobTicket:
        """See `Backend.create_job`."""
        if self._reign is None and terms.key is None:  # asked again, of whichever queen, it makes no second job
            terms = terms.model_copy(update={"key": self._world.new_id("auto")})
        return await self._ask(lambda queen: queen.create_job(payload, terms=terms))

    async def execute_job(self, job_id: str, after: int = 0, epoch: int | None = None) -> AsyncIterator[Event]:
        """See `Backend.execute_job`."""
        if self._reign is not None:
            return await self._reign.router.execute_job(job_id, after, epoch)
        record = await self.get_job(job_id)
        events = self._follow(record.id, after, record.epoch if epoch is None else epoch)
        await anext(events)  # what speaks against it is raised here; and what has begun is closed for certain
        return cast("AsyncGenerator[Event]", events)

    async def get_job(self, job_id: str) -> JobRecord:
        """See `Backend.get_job`."""
        return await self._ask(lambda queen: queen.get_job(job_id))

    async def list_jobs(self, *, limit: int = 100, cursor: str | None = None) -> JobListing:
        """See `Backend.list_jobs`."""
        return await self._ask(lambda queen: queen.list_jobs(limit=limit, cursor=cursor))

    async def cancel_job(self, job_id: str) -> JobRecord:
        """See `Backend.cancel_job`."""
        return await self._ask(lambda queen: queen.cancel_job(job_id))

    async def delete_job(self, job_id: str) -> Deleted:
        """See `Backend.delete_job`."""
        return await self._ask(lambda queen: queen.delete_job(job_id))

    async def prune_jobs(self, *, age_s: float | None = None, size: int | None = None, dry_run: bool = False) -> Pruned:
        """See `Backend.prune_jobs`."""
        return await self._ask(lambda queen: queen.prune_jobs(age_s=age_s, size=size, dry_run=dry_run))

    async def info(self) -> QueenInfo:
        """See `Backend.info`."""
        return await self._ask(lambda queen: queen.info())

    async def close(self) -> None:
        """See `Backend.close`."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait({self._watching})
        async with self._settling:
            if self._reign is not None:
                await self._reign.close()
            elif self._backend is not None:
                await self._backend.close()

    async def _ask(self, call: Callable[[Backend], Awaitable[T]]) -> T:
        while True:
            queen = self._backend
            assert queen is not None
            try:
                return await call(queen)
            except QueenUnreachable:
                if self._reign is not None and queen is self._reign.router:
                    raise
                await self._settle(queen)

    async def _follow(self, job_id: str, after: int, epoch: int) -> AsyncGenerator[Event | None]:
        seen, begun = after, False
        while True:
            queen = self._backend
            assert queen is not None
            try:
                events = cast("AsyncGenerator[Event]", await queen.execute_job(job_id, seen, epoch))
                if not begun:
                    begun = True
                    yield None
                async with aclosing(events):
                    async for event in events:
                        seen = event.seq
                        yield event
                        if isinstance(event, EndEvent):
                            return
                return
            except (QueenUnreachable, StreamInterrupted):
                if self._reign is not None and queen is self._reign.router:
                    raise
                await self._settle(queen)

    async def _settle(self, gone: Backend | None) -> None:
        """Find who has the home now, and be that if nobody has; `gone` is the one who does not answer any more.

        Raises:
            HomeTaken: Somebody has it, and does not answer.
        """
        async with self._settling:
            if self._backend is not gone:
                return
            taken: HomeTaken | None = None
            try:
                async with self._world.limit(JOIN_S):
                    while not await self._reigns():
                        if await self._joins():
                            return
                        await self._world.sleep(0.05)
            except TimeoutError:
                taken = self._silent()
            if taken is not None:
                raise taken

    async def _reigns(self) -> bool:
        """Take the home, if it is free."""
        try:
            self._reign = await Reign.begin(self.home, self._world, self._rule)
        except HomeTaken:
            return False
        before, self._backend, self._address = self._backend, self._reign.router, None
        if before is not None:
            await before.close()
        self._reign.listen_soon()
        return True

    async def _joins(self) -> bool:
        """Become a client of the one who has the home, if she answers."""
        address = Address.read(self.home)
        if address is None:
            return False
        from queenlib.client.remote import RemoteQueen  # here: who is alone needs no HTTP client

        remote = RemoteQueen(address.url, read_token(self.home.token_file), self._world, tries=1)
        try:
            await remote.info()
        except QueenError:
            await remote.close()
            return False
        before, self._backend, self._address = self._backend, remote, address
        if before is not None:
            await before.close()
        if self._watching is None:
            self._watching = asyncio.create_task(self._watch(), name="watch home")
        return True

    async def _watch(self) -> None:
        """Take the home when its queen has died: her jobs are to go on though nobody asks."""
        while self._reign is None:
            await self._world.sleep(LOOK_S)
            with suppress(QueenError):  # who asks next is told
                async with self._settling:
                    if self._reign is None and await self._reigns():
                        return

    def _silent(self) -> HomeTaken:
        address = Address.read(self.home)
        there = (
            f"It should listen at {address.url} (process {address.pid})." if address else "It does not say where it listens."
        )
        return HomeTaken(
            f"Another process has {self.home.path}, and does not answer.",
            why=there,
            state="Nothing was started.",
            next=f"See who it is: fuser {self.home.path / 'jobs.lock'}; or take another home: QUEENLIB_HOME=/path",
            path=str(self.home.path),
        )
