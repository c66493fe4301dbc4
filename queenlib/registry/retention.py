"""What is not kept for ever, and its removal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from queenlib.errors import InvalidRequest, QueenError
from queenlib.messages.job import Pruned, PrunedJob
from queenlib.registry.store import Store
from queenlib.world import World

PRUNED = 100_000
"""Jobs that are removed in one go at most; the oldest first."""
AT_ONCE = 200
"""Jobs that are removed in one transaction."""
OLDEST_S = 1e10
"""Seconds; three centuries."""
LEAST_S = 1e-3
"""Seconds between two looks at least."""


@dataclass(frozen=True)
class Retention:
    """How long jobs that have ended are kept. Those that have not are never removed."""

    reads_s: float | None = 3_600.0
    """Seconds that jobs are kept which only looked at something; `None` is for ever."""
    age_s: float | None = None
    """Seconds that the others are kept; `None`, the default, is for ever."""
    size: int | None = None
    """Bytes that all jobs together may take, the oldest go first; `None`, the default, is as much as there is."""
    every_s: float = 60.0
    """Seconds between two looks."""

    def __post_init__(self) -> None:
        """A slip here would remove what was to be kept, and nobody would see it.

        Raises:
            InvalidRequest: One of them is no amount.
        """
        seconds = {"reads_s": self.reads_s, "age_s": self.age_s}
        _check({name: value for name, value in seconds.items() if value is not None}, int | float, least=0)
        _check({} if self.size is None else {"size": self.size}, int, least=0)
        _check({"every_s": self.every_s}, int | float, least=LEAST_S)


def _check(amounts: Mapping[str, Any], kind: Any, least: float) -> None:
    for name, value in amounts.items():
        if not isinstance(value, kind) or isinstance(value, bool) or not value >= least:  # not a number is not
            raise InvalidRequest(
                f"{name} is {value!r}.",
                why=f"It is a number of {'bytes, a whole one' if name == 'size' else 'seconds'}, and {least:g} or more.",
                state="Nothing was started, and nothing was removed.",
                next=f"Leave {name} out, or mend it: Queen(retention=Retention({name}=86400))",
            )


async def select(store: Store, world: World, *, age_s: float | None = None, size: int | None = None) -> Sequence[PrunedJob]:
    """The jobs that have to go, those that ended first before the others.

    Args:
        store: Where they are.
        world: Whose date tells how old they are.
        age_s: Those that ended longer ago than so many seconds.
        size: And so many of the oldest that all others together take at most so many bytes.
    """
    old = [] if age_s is None else await store.ended(PRUNED, before=_long_ago(world, age_s))
    if size is None:
        return old
    over, found = await store.size() - size, list[PrunedJob]()
    for job in await store.ended(PRUNED):
        if over <= 0:
            break
        over -= job.size
        found.append(job)
    return found if len(found) > len(old) else old


def _long_ago(world: World, age_s: float) -> datetime:
    """So many seconds ago; no calendar goes back further than `OLDEST_S`, and no job."""
    return world.now() - timedelta(seconds=min(age_s, OLDEST_S))


async def remove(store: Store, jobs: Sequence[PrunedJob]) -> None:
    """Remove them for good."""
    ids = [job.id for job in jobs]
    for start in range(0, len(ids), AT_ONCE):
        await store.delete(ids[start : start + AT_ONCE], scrub=start + AT_ONCE >= len(ids))


async def shrink(store: Store, jobs: Sequence[PrunedJob], size: int) -> Sequence[PrunedJob]:
    """Remove, for good, as many of these as it takes until all jobs take at most `size` bytes; gives those that went.

    A store takes whole pages for what a job says: each step removes half of what is too much, and looks what came of it.
    """
    gone, over = 0, await store.size() - size
    while over > 0 and gone < len(jobs):
        first, room = gone, over // 2
        while gone < len(jobs) and gone - first < AT_ONCE and (gone == first or room > 0):
            room -= jobs[gone].size
            gone += 1
        await store.delete([job.id for job in jobs[first:gone]])
        over = await store.size() - size
    await store.delete([], scrub=gone > 0)
    return jobs[:gone]


class House:
    """Keeps one store in order.

    Args:
        store: Which.
        world: Whose date tells how old a job is.
        retention: What is kept.
        reads: The names of the operations that only look at something.
        forget: Told the id of each job that was removed.
    """

    def __init__(
        self,
        store: Store,
        world: World,
        retention: Retention,
        reads: Collection[str],
        forget: Callable[[str], object] = lambda _: None,
    ) -> None:
        self._store, self._world, self._retention, self._reads = store, world, retention, reads
        self._forget = forget
        self._keeping: asyncio.Task[None] | None = None

    async def prune(self, *, age_s: float | None, size: int | None, dry_run: bool) -> Pruned:
        """Remove the jobs that ended longer ago than `age_s` seconds, and the oldest until `size` bytes are left.

        By size, a dry run is an estimate; the removal itself looks after each step how much is left.
        """
        if dry_run:
            jobs = await select(self._store, self._world, age_s=age_s, size=size)
        else:
            jobs = await self._remove(age_s, size)
            for job in jobs:
                self._forget(job.id)
        return Pruned(dry_run=dry_run, jobs=tuple(jobs), size=sum(job.size for job in jobs))

    async def _remove(self, age_s: float | None, size: int | None) -> Sequence[PrunedJob]:
        old = await select(self._store, self._world, age_s=age_s)
        await remove(self._store, old)
        if size is None:
            return old
        return (*old, *await shrink(self._store, await self._store.ended(PRUNED), size))

    def begin(self) -> None:
        """From now on, remove by and by what retention does not keep."""
        self._keeping = asyncio.create_task(self._keep(), name="retention")

    async def end(self) -> None:
        """Remove nothing more by itself."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait({self._keeping})

    async def expire(self) -> None:
        """Remove what retention does not keep, once."""
        kept = self._retention
        if kept.reads_s is not None:
            before = _long_ago(self._world, kept.reads_s)
            ids = [job.id for job in await self._store.ended(PRUNED, before=before, operations=self._reads)]
            for start in range(0, len(ids), AT_ONCE):
                await self._store.delete(ids[start : start + AT_ONCE])
            for job_id in ids:
                self._forget(job_id)
        if kept.age_s is not None or kept.size is not None:
            await self.prune(age_s=kept.age_s, size=kept.size, dry_run=False)

    async def _keep(self) -> None:
        while True:
            with suppress(QueenError):  # where the store fails, those who use it are told
                await self.expire()
            await self._world.sleep(self._retention.every_s)
