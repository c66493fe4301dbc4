"""The queen of a home, whoever she is: one in this process where the home is free, else a client of the one who has it.

When that one dies, the home is free again: one of her clients takes it, and the others join that one. Their calls and their
streams go on where they were.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, TypeVar, cast

from queenlib.client.backend import Backend
from queenlib.client.background import Background
from queenlib.client.following import Following
from queenlib.client.reign import Address, Rule
from queenlib.client.succession import JOIN_S, Succession
from queenlib.errors import QueenError, QueenUnreachable, QueueFull, StoreFailed, StreamInterrupted
from queenlib.home import Home
from queenlib.messages.base import Deleted, Operation
from queenlib.messages.cancelled import Cancelled
from queenlib.messages.change import Change, Watch, Watched
from queenlib.messages.events import Event
from queenlib.messages.filter import ALL, JobFilter
from queenlib.messages.job import USUAL, CreatedJob, JobListing, JobRecord, Pruned, QueenInfo, Terms
from queenlib.messages.place import MANY, Place, not_followed
from queenlib.messages.snapshot import Snapshot
from queenlib.router import Router
from queenlib.world import World, is_whole

T = TypeVar("T")

TRIES = 3
"""How often in a row one and the same queen is asked who is there, and does not answer that."""
GONE = QueenUnreachable, StreamInterrupted
"""Errors of the line to a queen, who may be there no more."""
CLOSING = QueueFull, StoreFailed
"""What a queen says who is being closed, and at times one who is not."""


class Seat:
    """The queen of one home; satisfies `queenlib.client.backend.Backend`. Made by `take`."""

    def __init__(self, succession: Succession, world: World) -> None:
        self._succession, self._world = succession, world

    @classmethod
    async def take(cls, home: Home, world: World, rule: Rule, join_s: float = JOIN_S) -> Seat:
        """Take the home, or join who has it.

        Args:
            home: Which.
            world: Clock, ids and randomness.
            rule: How a queen in this process reigns.
            join_s: Seconds in which the queen who has the home has to answer.

        Raises:
            HomeTaken: Another process has the home, and does not answer.
            StoreUnusable: The store cannot be used, and was not touched.
        """
        return await cls.of(Succession(home, world, rule, join_s), world)

    @classmethod
    async def of(cls, succession: Succession, world: World) -> Seat:
        """The queen whom this succession finds; its errors are those of `Succession.find`."""
        try:
            await succession.find(None)
        except BaseException:
            await succession.close()
            raise
        return cls(succession, world)

    @property
    def home(self) -> Home:
        """Whose queen this is."""
        return self._succession.home

    @property
    def joined(self) -> Address | None:
        """Where the queen of this home is; `None` for this process."""
        return self._succession.address

    @property
    def outlives_us(self) -> bool:
        """Whether she is in another process, and not one that ends with this one."""
        succession = self._succession
        return self.joined is not None and not (isinstance(succession, Background) and succession.is_ours)

    @property
    def router(self) -> Router | None:
        """The queen of this process, if it has the home."""
        return self._succession.reign.router if self._succession.reign is not None else None

    async def create_job(self, payload: Operation | Mapping[str, Any], *, terms: Terms = USUAL) -> CreatedJob:
        """See `Backend.create_job`."""
        if self.router is None and terms.key is None:  # asked again, of whichever queen, it makes no second job
            terms = terms.model_copy(update={"key": self._world.new_id("auto")})
        return await self._ask(lambda queen: queen.create_job(payload, terms=terms))

    async def execute_job(
        self, job_id: str, after: int = 0, epoch: int | None = None, *, every_s: float = 0.0
    ) -> AsyncIterator[Event]:
        """See `Backend.execute_job`."""
        if self.router is not None:
            return await self.router.execute_job(job_id, after, epoch)
        if epoch is None or not is_whole(job_id):
            record = await self.get_job(job_id)
            job_id, epoch = record.id, record.epoch if epoch is None else epoch
        following = Following([Place(job_id, after, epoch)])
        return await self._followed(following, lambda queen: queen.execute_job(*following.left[0], every_s=every_s))

    async def execute_jobs(self, places: Sequence[Place]) -> AsyncIterator[Event]:
        """See `Backend.execute_jobs`."""
        if self.router is not None:
            return await self.router.execute_jobs(places)
        records = [await self.get_job(place.job_id) for place in places]
        if len({record.id for record in records}) != len(places) or not 1 <= len(places) <= MANY:
            raise not_followed(len(places))
        known = [
            place._replace(job_id=record.id, epoch=record.epoch if place.epoch is None else place.epoch)
            for place, record in zip(places, records, strict=True)
        ]
        following = Following(known)
        return await self._followed(following, lambda queen: queen.execute_jobs(following.left))

    async def watch(self, watch: Watch, after: str = "") -> AsyncIterator[Change[Any]]:
        """See `Backend.watch`."""
        if self.router is not None:
            return await self.router.watch(watch, after)
        watched: Watched[Any] = Watched(after)
        return await self._through(lambda queen: queen.watch(watch, watched.revision), watched.take, watches=True)

    async def get_job(self, job_id: str) -> JobRecord:
        """See `Backend.get_job`."""
        return await self._ask(lambda queen: queen.get_job(job_id))

    async def snapshot_job(self, job_id: str) -> Snapshot:
        """See `Backend.snapshot_job`."""
        return await self._ask(lambda queen: queen.snapshot_job(job_id))

    async def list_jobs(self, *, limit: int = 100, cursor: str | None = None, wanted: JobFilter = ALL) -> JobListing:
        """See `Backend.list_jobs`."""
        return await self._ask(lambda queen: queen.list_jobs(limit=limit, cursor=cursor, wanted=wanted))

    async def cancel_job(self, job_id: str) -> JobRecord:
        """See `Backend.cancel_job`."""
        return await self._ask(lambda queen: queen.cancel_job(job_id))

    async def cancel_jobs(self, wanted: JobFilter, *, everything: bool = False) -> Cancelled:
        """See `Backend.cancel_jobs`."""
        return await self._ask(lambda queen: queen.cancel_jobs(wanted, everything=everything))

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
        await self._succession.close()

    async def _ask(self, call: Callable[[Backend], Awaitable[T]]) -> T:
        tries = 0
        while True:
            queen = self._queen()
            try:
                return await call(queen)
            except (*GONE, *CLOSING) as error:
                tries += 1
                await self._move_on(queen, error, tries)

    async def _followed(
        self, following: Following, begin: Callable[[Backend], Awaitable[AsyncIterator[Event]]]
    ) -> AsyncIterator[Event]:
        return await self._through(begin, following.take, lambda: not following.left)

    async def _through(
        self,
        begin: Callable[[Backend], Awaitable[AsyncIterator[T]]],
        take: Callable[[T], object],
        over: Callable[[], bool] = lambda: False,
        *,
        watches: bool = False,
    ) -> AsyncIterator[T]:
        """A stream, from whichever queen has the home; what speaks against it at first is raised here.

        Args:
            begin: Asks a queen for it, from where the reader is.
            take: Told each item, so that the next `begin` knows.
            over: Whether nothing comes any more.
            watches: Whether nobody waits for an end: once it has begun, it starts no queen after one who was told to end.
        """
        items = self._go_on(begin, take, over, watches=watches)
        await anext(items)  # and so what has begun is closed for certain
        return cast("AsyncGenerator[T]", items)

    async def _go_on(
        self,
        begin: Callable[[Backend], Awaitable[AsyncIterator[T]]],
        take: Callable[[T], object],
        over: Callable[[], bool],
        *,
        watches: bool,
    ) -> AsyncGenerator[T | None]:
        begun, tries = False, 0
        while not over():
            queen = self._queen()
            try:
                items = cast("AsyncGenerator[T]", await begin(queen))
                if not begun:
                    begun = True
                    yield None
                async with aclosing(items):
                    async for item in items:
                        tries = 0
                        take(item)
                        yield item
                return
            except (*GONE, *CLOSING) as error:
                tries += 1
                if watches and begun and queen is not self.router:
                    await self._succession.succeeded(queen)
                await self._move_on(queen, error, tries)

    def _queen(self) -> Backend:
        assert self._succession.queen is not None
        return self._succession.queen

    async def _move_on(self, queen: Backend, error: QueenError, tries: int) -> None:
        """Find who has the home now, after the `tries`th error; raises it where it is for this queen to say."""
        succession = self._succession
        if succession.closed or queen is self.router:
            raise error
        if succession.queen is queen and isinstance(error, CLOSING) and not succession.leaves():
            raise error
        await succession.find(queen)
        if succession.queen is queen and tries >= TRIES:
            raise error
