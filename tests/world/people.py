"""Those who use the queens of the simulated world: they ask again when they are cut off, and note what they were told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, TypeVar

from queenlib.errors import InUse, KeyConflict, QueueFull, StoreFailed, UnknownJob
from queenlib.messages.base import Operation
from queenlib.messages.events import AttemptEvent, EndEvent
from queenlib.messages.job import JobRecord, Terms
from queenlib.messages.state import State
from tests.world.disk import Disk
from tests.world.links import Cut, Net, Patience
from tests.world.queen import SimulatedQueen
from tests.world.works import kind_of

T = TypeVar("T")


@dataclass
class View:
    """What one reader has seen of a job."""

    job_id: str
    after: int
    epoch: int = 0
    """The newest epoch of the job that the reader has heard of."""
    lines: list[bytes] = field(default_factory=list)
    over: str = ""
    """How it ended: with the job's `end`, or because the job is `gone`."""


@dataclass
class Wish:
    """One job that somebody wants, and what they know of it."""

    number: int
    operation: Operation
    terms: Terms
    id: str | None = None
    """What they were told that it is called."""
    rival: bool = False
    """It is asked for with the key of another."""
    refused: bool = False
    """It was refused for that."""
    asking: int = 0
    """So many ask for it, or for another with its key, at this moment."""
    cancelling: bool = False
    """Somebody has told a queen to cancel it."""
    cancelled: JobRecord | None = None
    """What the one was told who cancelled it."""
    deleting: int = 0
    """So many have told a queen to delete it, and may have been heard."""
    deleted: bool = False
    """Somebody was told that it is deleted."""
    seen: int = 0
    """The last event that somebody has heard of."""
    epoch: int = 0
    """The newest epoch of it that somebody has heard of."""
    views: list[View] = field(default_factory=list)

    def heard(self, job_id: str, seq: int, epoch: int) -> None:
        """Somebody has heard of an event, and of an epoch."""
        if job_id == self.id:
            self.seen, self.epoch = max(self.seen, seq), max(self.epoch, epoch)

    @property
    def keyed(self) -> bool:
        """Whether its key is its own, and nobody is about to free it."""
        return self.terms.key is not None and not self.rival and not self.deleting

    @property
    def kind(self) -> str:
        """The kind of its work."""
        return kind_of(self.operation)


class People:
    """All who use the queens; whatever surprises them is raised in their tasks."""

    def __init__(self, net: Net, disk: Disk) -> None:
        self.net, self.disk = net, disk
        self.wishes: list[Wish] = []
        self.tasks: list[asyncio.Task[None]] = []

    def send(self, errand: Coroutine[Any, Any, None]) -> None:
        """Somebody goes on an errand."""
        self.tasks.append(asyncio.create_task(errand))

    async def create(self, wish: Wish) -> None:
        """Create a job; with a key it is asked for until there is an answer, without one only once."""
        wish.asking += 1
        try:
            ticket = await self._until_told(
                lambda queen: queen.create_job(wish.operation, terms=wish.terms), again=wish.terms.key is not None
            )
        except Cut:
            return
        except KeyConflict:
            if wish.rival or wish.id not in self.disk.removed:
                raise
            return  # its key was free for a while, and has gone to another
        finally:
            wish.asking -= 1
        assert wish.id in (None, ticket.job_id) or wish.id in self.disk.removed, f"{wish.id} is {ticket.job_id} now"
        if wish.id != ticket.job_id:
            wish.id, wish.seen, wish.epoch = ticket.job_id, 0, 0
        kept = wish.id in self.disk.memory.jobs or wish.id in self.disk.removed
        assert kept, f"{wish.id} was acknowledged, and is not kept"

    async def take_key(self, wish: Wish, rival: Wish) -> None:
        """Create something else with the key of a job."""
        wish.asking += 1
        try:
            await self.create(rival)
        except KeyConflict as error:
            rival.refused, other_id = True, str(error.other_id)
        else:
            other_id = ""
        finally:
            wish.asking -= 1
        assert wish.id == other_id or wish.id in self.disk.removed, f"two payloads have the key {wish.terms.key}"

    async def cancel(self, wish: Wish) -> None:
        """Cancel a job."""
        assert wish.id is not None
        job_id, wish.cancelling = wish.id, True
        try:
            record = await self._until_told(lambda queen: queen.cancel_job(job_id))
        except UnknownJob:
            assert self._may_be_gone(wish)
            return
        assert record.state.ended
        assert wish.cancelled is None or wish.cancelled.id != job_id or wish.cancelled.state is record.state
        wish.cancelled = record

    async def delete(self, wish: Wish) -> None:
        """Delete a job, if it has ended."""
        assert wish.id is not None
        job_id, patience = wish.id, Patience()
        wish.deleting += 1
        try:
            await self._until_told(lambda queen: queen.delete_job(job_id), patience=patience)
        except UnknownJob:
            assert self._may_be_gone(wish)
        except InUse:
            if patience.times == 0:
                wish.deleting -= 1
            return
        wish.deleted = True

    async def look(self, wish: Wish) -> None:
        """Look at a job: what is shown of it is kept."""
        assert wish.id is not None
        job_id = wish.id
        try:
            record = await self._until_told(lambda queen: queen.get_job(job_id))
        except UnknownJob:
            assert self._may_be_gone(wish)
            return
        assert record.last_seq <= len(self.disk.log(job_id)), f"{job_id} was shown before it was kept"
        wish.heard(job_id, record.last_seq, record.epoch)
        if record.state is State.SUCCEEDED and record.request.get("private"):
            assert record.result is not None
            assert record.result["text"] in ("", f"the answer to {wish.kind}")

    async def watch(self, wish: Wish, after: int) -> None:
        """Follow a job to its end, over however many lines and queens that takes."""
        assert wish.id is not None
        view = View(wish.id, after)
        wish.views.append(view)
        try:
            record = await self._until_told(lambda queen: queen.get_job(view.job_id))
            view.epoch = max(record.epoch, wish.epoch)
            patience = Patience()
            while not view.over:
                try:
                    await self._follow(view)
                except (Cut, StoreFailed):
                    await patience.wait()
                finally:
                    wish.heard(view.job_id, view.after + len(view.lines), view.epoch)
        except UnknownJob:
            assert self._may_be_gone(wish)
            view.over = "gone"

    async def _follow(self, view: View) -> None:
        async with aclosing(self.net.stream(view.job_id, view.after + len(view.lines), view.epoch)) as events:
            async for event in events:
                seq = view.after + len(view.lines) + 1
                assert event.seq == seq, f"{view.job_id}: event {event.seq} where {seq} comes next"
                kept = self.disk.log(view.job_id)
                assert event.seq <= len(kept), f"{view.job_id}: event {event.seq} was shown before it was kept"
                assert event.line == kept[event.seq - 1].line
                view.lines.append(event.line)
                if isinstance(event, AttemptEvent | EndEvent):
                    view.epoch = max(view.epoch, event.data.epoch or 0)
        log = self.disk.log(view.job_id)
        assert len(log) == view.after + len(view.lines), f"{view.job_id}: a stream ended before its log"
        assert isinstance(log[-1], EndEvent), f"{view.job_id}: a stream ended without its end"
        view.over = "end"

    async def _until_told(
        self,
        deed: Callable[[SimulatedQueen], Coroutine[Any, Any, T]],
        *,
        again: bool = True,
        patience: Patience | None = None,
    ) -> T:
        """What a queen says; asked again of whichever there is."""
        patience = patience or Patience()
        while True:
            try:
                return await self.net.call(deed)
            except QueueFull as error:
                await asyncio.sleep(error.retry_after_s)
            except (Cut, StoreFailed):  # the second from one whom another has followed
                if not again:
                    raise Cut from None
                await patience.wait()

    def _may_be_gone(self, wish: Wish) -> bool:
        return wish.deleting > 0 or wish.operation.operation == "hive_get"  # which are not kept for ever
