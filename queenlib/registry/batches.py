"""What batches need of the store: their rows as they were asked, as they ended, and the answers of others."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from typing import Any

from queenlib.messages.events import RowEvent, VectorsEvent
from queenlib.messages.job import JobRecord
from queenlib.messages.row import RowData
from queenlib.messages.vectors import VectorsData
from queenlib.registry.store import Store

PAGE = 1000
"""Events that are read at once."""


class Batches:
    """The store, as batches see it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def beside(self, job_id: str) -> Mapping[str, Any]:
        """What of the request of a job is kept beside its record."""
        return await self._store.beside(job_id)

    async def whole(self, record: JobRecord) -> dict[str, Any]:
        """The request of a job, with what of it is kept beside its record."""
        return {**record.request, **await self.beside(record.id)}

    async def ended(self, job_id: str) -> AsyncIterator[RowData | VectorsData]:
        """The rows in the log of a job, and the vectors."""
        after = 0
        while page := await self._store.read(job_id, after, PAGE):
            after = page[-1].seq
            for event in page:
                if isinstance(event, RowEvent | VectorsEvent):
                    yield event.data

    async def answers(self, keys: Collection[str]) -> Mapping[str, RowData]:
        """Of these keys of rows, those that a job has an answer to, with the newest one of each."""
        return await self._store.answers(keys)
