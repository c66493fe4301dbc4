"""What is known about one home after faults: what its store says, what people saw and were told, what workers noted."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import apsw

from queenlib.hives.pids import Pid
from queenlib.messages.events import AttemptEvent, EndEvent, Event, ResultEvent, StateEvent, TokenEvent
from queenlib.messages.job import JobRecord, Start
from queenlib.messages.parse import parse_operation
from queenlib.messages.state import State
from queenlib.registry.sqlite.connection import open_reader
from queenlib.registry.sqlite.reading import Reading

ALL = 2**31
"""More events than any log here has."""


@dataclass(frozen=True)
class Logged:
    """One job in the store."""

    record: JobRecord
    events: tuple[Event, ...]


@dataclass(frozen=True)
class Log:
    """What the store of a queen says who was started again."""

    jobs: Mapping[str, Logged]
    epoch: int
    """How often the store has been opened."""
    deaths: tuple[datetime, ...] = ()
    """Moments between the death of a queen of this home and the start of the next one."""

    @classmethod
    def read(cls, store: Path, deaths: Sequence[datetime] = ()) -> Log:
        """Look at the store beside the queen who has it."""
        connection = open_reader(store)
        try:
            connection.execute("BEGIN")
            reading = Reading(connection, store)
            ids = [str(job_id) for (job_id,) in connection.execute("SELECT id FROM jobs ORDER BY number").fetchall()]
            jobs = {job_id: _logged(reading, job_id) for job_id in ids}
            epoch = int(str(_only(connection, "SELECT epoch FROM meta")))
            connection.execute("ROLLBACK")
        finally:
            connection.close()
        return cls(jobs, epoch, tuple(deaths))


def _logged(reading: Reading, job_id: str) -> Logged:
    record = reading.get(job_id)
    assert record is not None
    return Logged(record, tuple(reading.read(job_id, 0, ALL)))


def _only(connection: apsw.Connection, query: str) -> object:
    ((found,),) = connection.execute(query).fetchall()
    return found


@dataclass(frozen=True)
class Create:
    """What a client asked for, and what it was told."""

    payload: Mapping[str, Any]
    key: str | None = None
    retry: int = 0
    start: Start = "now"
    job_id: str | None = None
    """The id that it was told; `None` where no answer came."""
    conflict: bool = False
    """Whether it was refused, because its key stands for something else: then `job_id` is the other's."""

    def kept(self) -> dict[str, Any]:
        """What is written down of the request."""
        return parse_operation(self.payload).kept().wire()

    def said(self) -> str:
        """What tells two requests apart: the whole of what was asked for."""
        asked = [parse_operation(self.payload).wire(), self.retry, self.start]
        return json.dumps(asked, sort_keys=True)


@dataclass(frozen=True)
class Seen:
    """What one reader saw over one connection."""

    reader: str
    job_id: str
    after: int
    """The number of the last event that it had."""
    lines: tuple[tuple[int, bytes], ...]
    """The number and the bytes of each event."""
    whole: bool = False
    """Whether the queen told it that nothing comes after this."""
    refused: str = ""
    """What the queen said instead."""


@dataclass(frozen=True)
class Told:
    """A job that had ended, as somebody was told who had cancelled it or asked for it."""

    verb: Literal["cancel", "get"]
    record: JobRecord


@dataclass(frozen=True)
class Listing:
    """All jobs at one moment, as a client saw them."""

    jobs: tuple[tuple[str, State], ...]
    known: frozenset[str]
    """The jobs that had been acknowledged before it was asked for."""


@dataclass(frozen=True)
class Views:
    """What people saw and were told."""

    seen: tuple[Seen, ...] = ()
    """In the order in which the connections were made."""
    creates: tuple[Create, ...] = ()
    told: tuple[Told, ...] = ()
    listings: tuple[Listing, ...] = ()
    stale: frozenset[str] = frozenset()
    """Jobs that a queen tried to create after another had opened her store."""


@dataclass(frozen=True)
class Noted:
    """One line of the simulated workers' journal."""

    at: float
    pid: int
    what: Literal["start", "end", "left"]
    prompt: str
    """A digest; see `queenlib.engines.host.journal`."""

    @classmethod
    def read(cls, path: Path) -> tuple[Noted, ...]:
        """All of it; nothing where no worker was asked."""
        if not path.exists():
            return ()
        return tuple(cls(**json.loads(line)) for line in path.read_text().splitlines())


@dataclass(frozen=True)
class ProcessTable:
    """What is left of a queen some time after her death."""

    processes: tuple[Pid, ...] = ()
    addresses: tuple[str, ...] = ()
    """Where somebody still listens."""


@dataclass(frozen=True)
class Folded:
    """A job as its events say it is: what the oracle compares a record with. It is no use of the product's own fold."""

    state: State
    reason: str = ""
    attempt: int = 1
    tokens: int = 0
    since: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    result: Mapping[str, Any] | None = None
    error: object = None

    @classmethod
    def of(cls, events: Sequence[Event]) -> Folded:
        """The job after these events."""
        told: dict[str, Any] = {"state": State.QUEUED}
        for event in events:
            told |= _change(event, told)
        return cls(**told)


def _change(event: Event, told: Mapping[str, Any]) -> dict[str, Any]:
    match event:
        case TokenEvent(data=data):
            return {"tokens": told.get("tokens", 0) + len(data.cuts)}
        case StateEvent(data=data):
            first = data.state is State.RUNNING and told.get("started_at") is None
            begun = {"started_at": event.at} if first else {}
            return {"state": data.state, "reason": data.reason, "since": event.at, **begun}
        case AttemptEvent(data=data):
            again = {"state": State.QUEUED, "reason": data.reason, "since": event.at}
            return {**again, "attempt": told.get("attempt", 1) + 1, "tokens": 0}
        case ResultEvent(data=data):
            return {"result": data.result}
        case EndEvent(data=data):
            ended = {"state": data.state, "reason": data.reason, "since": event.at}
            return {**ended, "ended_at": event.at, "error": data.error}
    return {}
