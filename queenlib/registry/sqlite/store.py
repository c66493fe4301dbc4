"""The durable store; satisfies `queenlib.registry.store.Store`."""

from __future__ import annotations

from collections.abc import Awaitable, Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from queenlib.errors import StoreFailed
from queenlib.messages.events import EndEvent, Event, TokenEvent
from queenlib.messages.filter import ALL, JobFilter
from queenlib.messages.job import JobListing, JobRecord, PrunedJob
from queenlib.messages.row import RowData
from queenlib.registry.sqlite import failures
from queenlib.registry.sqlite.inbox import Deed
from queenlib.registry.sqlite.opening import Opened, open_database
from queenlib.registry.sqlite.readers import Readers
from queenlib.registry.sqlite.writer import WAITS, WAL_PAGES, Waits, Writer
from queenlib.registry.store import NOTHING, read_cursor
from queenlib.world import World

Durability = Literal["full", "fast"]
"""`full`: what is shown is on the disk. `fast`: pieces of answers may be lost by a power failure, never by a crash."""


class SqliteStore:
    """Keeps jobs in one file, for as long as there is one.

    Args:
        opened: The file; it is closed with the store, and at once if there is to be none.
        world: Whose clock bounds the waits.
        durability: What is on the disk when it is shown.
        vfs: SQLite's name for how the file is reached, where that is not the usual way.
        waits: How long another program is waited for.
        wal_pages: See `Writer`.
    """

    def __init__(
        self,
        opened: Opened,
        world: World,
        durability: Durability = "full",
        vfs: str | None = None,
        waits: Waits = WAITS,
        wal_pages: int = WAL_PAGES,
    ) -> None:
        self.path = opened.path
        self.epoch = opened.epoch
        """See `Store.epoch`."""
        try:
            with failures.told(opened.path):
                self._readers = Readers(opened.path, vfs)
        except BaseException:
            opened.close()
            raise
        self._writer = Writer(opened, world, fast=durability == "fast", waits=waits, wal_pages=wal_pages)
        self._closed = False

    @classmethod
    def open(
        cls,
        path: Path,
        world: World,
        *,
        durability: Durability = "full",
        vfs: str | None = None,
        waits: Waits = WAITS,
        wal_pages: int = WAL_PAGES,
    ) -> SqliteStore:
        """Open the store at `path`, or make it.

        Args:
            path: Its file; others of the same name and another suffix lie beside it.
            world: Clock and randomness.
            durability: What is on the disk when it is shown.
            vfs: SQLite's name for how the file is reached, where that is not the usual way.
            waits: How long another program is waited for.
            wal_pages: Pages in the `-wal` after which it is brought into the database.

        Raises:
            HomeTaken: Another queen has it.
            StoreUnusable: It cannot be used, and was not touched.
            StoreFailed: There is no room on its disk, or another program keeps it locked.
        """
        return cls(open_database(path, world, vfs), world, durability, vfs, waits, wal_pages)

    @property
    def commits(self) -> int:
        """Transactions so far."""
        return self._writer.commits

    @property
    def failure(self) -> StoreFailed | None:
        """Why nothing is written any more, if so."""
        return self._writer.failure

    async def create(
        self, record: JobRecord, events: Sequence[Event], digest: str, beside: Mapping[str, Any] = NOTHING
    ) -> str:
        """See `Store.create`."""
        created: str = await self._writer.do(Deed(lambda ledger: ledger.create(record, events, digest, beside)))
        return created

    def append(self, record: JobRecord, events: Sequence[Event]) -> Awaitable[None]:
        """See `Store.append`."""
        ends = isinstance(events[-1], EndEvent)
        relaxed = all(isinstance(event, TokenEvent) for event in events)
        deed = Deed(lambda ledger: ledger.append(record, events), patient=True, vital=ends, relaxed=relaxed)
        return self._writer.do(deed)

    async def get(self, job_id: str) -> JobRecord | None:
        """See `Store.get`."""
        return await self._readers.look(lambda reading: reading.get(job_id))

    async def beside(self, job_id: str) -> Mapping[str, Any]:
        """See `Store.beside`."""
        return await self._readers.look(lambda reading: reading.beside(job_id))

    async def answers(self, keys: Collection[str]) -> Mapping[str, RowData]:
        """See `Store.answers`."""
        return await self._readers.look(lambda reading: reading.answers(keys))

    async def find(self, prefix: str) -> Sequence[str]:
        """See `Store.find`."""
        return await self._readers.look(lambda reading: reading.find(prefix))

    async def read(self, job_id: str, after: int, limit: int) -> Sequence[Event]:
        """See `Store.read`."""
        return await self._readers.look(lambda reading: reading.read(job_id, after, limit))

    async def page(self, limit: int, cursor: str | None, wanted: JobFilter = ALL) -> JobListing:
        """See `Store.page`; the cursor is the number of the oldest job on the page before."""
        before = read_cursor(cursor)
        jobs, more = await self._readers.look(lambda reading: reading.page(limit, before, wanted))
        return JobListing(jobs=tuple(jobs), next=None if more is None else str(more))

    async def unfinished(self) -> Sequence[JobRecord]:
        """See `Store.unfinished`."""
        return await self._readers.look(lambda reading: reading.unfinished())

    async def ended(
        self, limit: int, *, before: datetime | None = None, operations: Collection[str] | None = None
    ) -> Sequence[PrunedJob]:
        """See `Store.ended`."""
        return await self._readers.look(lambda reading: reading.ended(limit, before, operations))

    async def size(self) -> int:
        """See `Store.size`."""
        return await self._readers.look(lambda reading: reading.size())

    async def delete(self, job_ids: Sequence[str], *, scrub: bool = False) -> None:
        """See `Store.delete`."""
        await self._writer.do(Deed(lambda ledger: ledger.delete(job_ids), vital=True, scrub=scrub))  # it makes room

    async def close(self) -> None:
        """See `Store.close`. It takes the milliseconds of the last commit, and blocks: no thread is left to wait for it."""
        if not self._closed:
            self._closed = True
            self._readers.close()
            self._writer.close()
