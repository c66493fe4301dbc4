"""The router: creates each job once, and knows which function does which operation. It knows no HTTP.

It is also the queen in this process: it has the verbs of `queenlib.client.backend.Backend`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from typing import Any

from queenlib.errors import InvalidOperation, InvalidRequest, StreamReset
from queenlib.messages.base import Deleted, Operation, Recovery
from queenlib.messages.batch import InferBatch
from queenlib.messages.cancelled import Cancelled
from queenlib.messages.change import Change, Watch
from queenlib.messages.embed import Embed
from queenlib.messages.events import Event, Yielded
from queenlib.messages.filter import ALL, JobFilter
from queenlib.messages.infer import Infer
from queenlib.messages.job import USUAL, CreatedJob, JobListing, JobRecord, Pruned, QueenInfo, Terms
from queenlib.messages.parse import OPERATIONS, AnyOperation, parse_operation
from queenlib.messages.place import MANY, Place, not_followed
from queenlib.messages.snapshot import Snapshot
from queenlib.operations.again import again
from queenlib.operations.tally import Tallying
from queenlib.registry.door import Door
from queenlib.registry.reader import Reader
from queenlib.registry.recovery import DIED, fate, unreadable
from queenlib.registry.run import Work
from queenlib.routing import route_operation
from queenlib.state import QueenState
from queenlib.version import PROTOCOL, __version__
from queenlib.watches import Watches

PAGE_LIMIT = 1000
"""Jobs in one page."""
ASKS = (Infer, InferBatch, Embed)
"""Operations that need not name their model."""
TABLES = (InferBatch, Embed)
"""Operations on many rows: each row is done once, and a record has none of them."""


class _Unknown(Operation):
    """What another version of queenlib knew how to do; it is only ever noted as lost."""

    recovery = Recovery.ONCE


class Router:
    """The verbs of a queen, over its one state."""

    def __init__(self, state: QueenState) -> None:
        self._state, self._watches = state, Watches(state)

    @classmethod
    async def begin(cls, state: QueenState) -> Router:
        """A queen at work: she has seen to every job that one before her on the same store left unfinished."""
        router = cls(state)
        await asyncio.gather(*(router._recover(record) for record in await state.registry.unfinished()))
        state.registry.house.begin()
        return router

    async def create_job(self, payload: Operation | Mapping[str, Any], *, terms: Terms = USUAL) -> CreatedJob:
        """Parse the operation, create its job once, and start it."""
        said = parse_operation(payload)
        if terms.repeats is not None:
            repeated = await self.get_job(terms.repeats)
            terms = terms.model_copy(update={"repeats": repeated.id})
            if isinstance(said, TABLES) and said.lacks:  # no record has them
                said = parse_operation({**said.wire(), **await self._state.registry.batches.beside(repeated.id)})
        if isinstance(said, TABLES):
            said.check_cells()
        operation = self._named(said)
        work = self._work(operation) if terms.start == "now" else None
        job_id = await self._state.registry.create(operation, work, terms, said)
        return CreatedJob(job_id=job_id, sse_url=f"/v1/jobs/{job_id}/stream", job=await self.get_job(job_id))

    async def execute_job(
        self, job_id: str, after: int = 0, epoch: int | None = None, *, every_s: float = 0.0
    ) -> AsyncIterator[Event]:
        """Get the job, start it if it has not started, follow it. Whatever `every_s` is: here each event is cheap."""
        return (await self.read_jobs([Place(job_id, after, epoch)])).events()

    async def execute_jobs(self, places: Sequence[Place]) -> AsyncIterator[Event]:
        """Get the jobs, start those that have not started, follow all of them."""
        return (await self.read_jobs(places)).events()

    async def read_jobs(self, places: Sequence[Place]) -> Reader:
        """Get the jobs, start those that have not started, and have one who reads on from these places."""
        registry = self._state.registry
        records = [await registry.get(place.job_id) for place in places]
        if len({record.id for record in records}) != len(places) or not 1 <= len(places) <= MANY:
            raise not_followed(len(places))
        for record, place in zip(records, places, strict=True):
            _check_epoch(record, place.after, place.epoch)
        reader = await registry.reader({record.id: place.after for record, place in zip(records, places, strict=True)})
        for record in records:
            if (operation := registry.unstarted(record.id)) is not None:  # not from the record, which may not have all of it
                registry.start(record.id, self._work(parse_operation(operation), repeated=record.attempt > 1))
        return reader

    async def get_job(self, job_id: str) -> JobRecord:
        """The job as it is now."""
        return await self._state.registry.get(job_id)

    async def list_jobs(self, *, limit: int = 100, cursor: str | None = None, wanted: JobFilter = ALL) -> JobListing:
        """A page of 1 to 1,000 of the jobs that are wanted, newest first."""
        if not 1 <= limit <= PAGE_LIMIT:
            raise InvalidRequest(
                f"limit is {limit:,}; it goes from 1 to {PAGE_LIMIT:,}.",
                state="Nothing was done.",
                next="Follow the pages: jobs.list(cursor=listing.next)",
            )
        return await self._state.registry.page(limit, cursor, wanted)

    async def snapshot_job(self, job_id: str) -> Snapshot:
        """The job so far; who follows it from there misses nothing."""
        return await self._state.registry.snapshots.take(job_id)

    async def watch(self, watch: Watch, after: str = "") -> AsyncIterator[Change[Any]]:
        """The list of what is watched, then its changes, without end."""
        return self._watches.open(watch, after)

    async def cancel_job(self, job_id: str) -> JobRecord:
        """Cancel the job; it has ended when this returns."""
        return await self._state.registry.cancel(job_id)

    async def cancel_jobs(self, wanted: JobFilter, *, everything: bool = False) -> Cancelled:
        """Cancel those of the wanted jobs that have not ended."""
        return await self._state.registry.cancel_all(wanted, everything=everything)

    async def delete_job(self, job_id: str) -> Deleted:
        """Remove a job that has ended, for good."""
        self._state.claims.forget()
        return await self._state.registry.delete(job_id)

    async def prune_jobs(self, *, age_s: float | None = None, size: int | None = None, dry_run: bool = False) -> Pruned:
        """Remove jobs that ended longer ago than `age_s` seconds, and the oldest until `size` bytes are left."""
        if (age_s is None and size is None) or (age_s or 0) < 0 or (size or 0) < 0:
            raise InvalidRequest(
                "What is to be removed is not said.",
                why="It takes an age, a size, or both, and neither is negative.",
                state="Nothing was removed.",
                next="For example: await jobs.prune(older_than=timedelta(days=30), dry_run=True)",
            )
        self._state.claims.forget()
        return await self._state.registry.house.prune(age_s=age_s, size=size, dry_run=dry_run)

    async def info(self) -> QueenInfo:
        """Who answers."""
        return QueenInfo(
            version=__version__,
            protocol=PROTOCOL,
            pid=os.getpid(),
            started_at=self._state.started_at,
            operations=tuple(OPERATIONS),
            default_model=self._state.default_model,
            unfinished=self.door.states(),
            draining=self.door.draining,
        )

    @property
    def door(self) -> Door:
        """Where jobs come in: shut, it lets those inside end."""
        return self._state.registry.door

    async def close(self) -> None:
        """Close the queen: every job and every process of hers has ended when this returns."""
        await self._state.close()

    async def _recover(self, record: JobRecord) -> None:
        """See to a job whose queen died under it."""
        registry = self._state.registry
        try:
            operation = parse_operation(await registry.batches.whole(record))
        except InvalidOperation as error:
            unread = OPERATIONS.get(record.operation, _Unknown)
            await registry.finish(record, unread.model_construct(operation=record.operation), unreadable(record, error))
            return
        what = fate(record, operation)
        if what.stop is not None:
            await registry.finish(record, operation, what.stop)
            return
        await registry.resume(record, operation, again=DIED if what.deed == "again" else "")
        repeated = what.deed == "again" or record.attempt > 1
        if repeated or record.terms.start == "now":
            rows = Tallying(operation.count) if isinstance(operation, TABLES) else None
            if rows is not None:
                async for row in registry.batches.ended(record.id):
                    rows.take(row)
            registry.start(record.id, self._work(operation, rows, repeated=repeated))

    def _named(self, operation: AnyOperation) -> AnyOperation:
        """With the model that it is about: a record that named none would not be found by it."""
        if not isinstance(operation, ASKS) or operation.model is not None:
            return operation
        return operation.model_copy(update={"model": self._state.default_model})

    def _work(self, operation: AnyOperation, rows: Tallying | None = None, *, repeated: bool = False) -> Work:
        if rows is None and isinstance(operation, TABLES):
            rows = Tallying(operation.count)  # all attempts of this queen go on from each other

        def work() -> AsyncGenerator[Yielded]:
            steps = route_operation(operation, self._state, rows)
            return again(operation, steps) if repeated else steps

        return work


def _check_epoch(record: JobRecord, after: int, epoch: int | None) -> None:
    """Raise if a reader has seen events that a power loss has taken back."""
    if epoch is None or epoch >= record.epoch or after < record.epoch_seq:
        return
    last_seq = record.epoch_seq - 1
    raise StreamReset(
        f"The log of {record.id} was set back to event {last_seq} by a power loss; the reader had seen event {after}.",
        why='Its queen let pieces of answers wait for the disk (durability="fast").',
        state="What came after that event is gone, and the log has gone on differently.",
        next=f"Read on from there: jobs.stream({record.id!r}, after={last_seq})",
        last_seq=last_seq,
        epoch=record.epoch,
    )
