"""What was written to a store, and what of it was said to be kept, each with the moment on the disk when that was said."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from queenlib.messages.base import Operation
from queenlib.messages.events import Event, TokenEvent
from queenlib.messages.job import JobRecord, Terms
from queenlib.registry.sqlite.store import SqliteStore
from queenlib.registry.store import NOTHING


@dataclass(frozen=True, slots=True)
class Ack:
    """Somebody was told that a job is kept up to one of its events, or saw that event."""

    at: int
    """The moment: how many things had happened to the disk."""
    what: str
    """`kept`, by the store; or what a client was told: `create`, `cancel`, `end`; or `seen`, by a reader."""
    job_id: str
    seq: int
    sure: bool
    """Whether it is kept whatever the durability is: there is more to it than pieces of an answer."""


@dataclass(frozen=True, slots=True)
class Keyed:
    """A job that was created under a key."""

    at: int
    job_id: str
    operation: Operation
    terms: Terms


@dataclass(repr=False)
class Diary:
    """Kept beside a store, for those who look at it later."""

    moment: Callable[[], int]
    """What tells the moment on the disk."""
    first: dict[str, JobRecord] = field(default_factory=dict)
    """Each job as it was created."""
    written: dict[str, list[Event]] = field(default_factory=dict)
    """Each log, as it was given to the store."""
    acks: list[Ack] = field(default_factory=list)
    keyed: list[Keyed] = field(default_factory=list)
    deleting: dict[str, int] = field(default_factory=dict)
    """Jobs whose removal was asked for, and when."""
    deleted: dict[str, int] = field(default_factory=dict)
    """Jobs that were said to be gone, and when."""

    def told(self, what: str, job_id: str, seq: int, *, sure: bool = True) -> None:
        """Somebody was told so, now."""
        self.acks.append(Ack(self.moment(), what, job_id, seq, sure))

    def saw(self, event: Event) -> None:
        """A reader saw this event."""
        self.told("seen", event.job_id, event.seq, sure=not isinstance(event, TokenEvent))

    def until(self, moment: int) -> list[Ack]:
        """What was said before a moment of jobs that nobody had begun to remove."""
        removed = {job_id for job_id, at in self.deleting.items() if at <= moment}
        return [ack for ack in self.acks if ack.at <= moment and ack.job_id not in removed]

    def after(self, found: Mapping[str, Sequence[Event]]) -> Diary:
        """The diary of a store that is opened on what this one was found to have: all of that is kept."""
        diary = Diary(lambda: 0, {job_id: self.first[job_id] for job_id in found})
        for job_id, log in found.items():
            diary.written[job_id] = list(log)
            diary.acks.append(Ack(0, "kept", job_id, len(log), sure=True))
        diary.keyed = [Keyed(0, each.job_id, each.operation, each.terms) for each in self.keyed if each.job_id in found]
        return diary


class WitnessStore(SqliteStore):
    """The durable store, with a diary."""

    diary: Diary

    async def create(
        self, record: JobRecord, events: Sequence[Event], digest: str, beside: Mapping[str, Any] = NOTHING
    ) -> str:
        """See `Store.create`."""
        self.diary.first[record.id], self.diary.written[record.id] = record, list(events)
        created = await super().create(record, events, digest, beside)
        if created == record.id:
            self.diary.told("kept", record.id, events[-1].seq)
        return created

    async def append(self, record: JobRecord, events: Sequence[Event]) -> None:
        """See `Store.append`."""
        self.diary.written[record.id] += events
        await super().append(record, events)
        self.diary.told("kept", record.id, events[-1].seq, sure=not all(isinstance(each, TokenEvent) for each in events))
