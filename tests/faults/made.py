"""A made-up home on which all is well, after its queen has died once: six jobs, what people saw of them, and the journal."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from queenlib.engines.host.journal import digest
from queenlib.errors import JobLost
from queenlib.messages.events import EVENT, Event, Problem, StateEvent
from queenlib.messages.job import Start
from queenlib.messages.parse import parse_operation, parse_terms
from queenlib.messages.state import State
from queenlib.registry.fold import begin, fold
from tests.faults.history import Create, Listing, Log, Logged, Noted, ProcessTable, Seen, Told, Views
from tests.faults.oracle import check_invariants

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
DEATH = AT + timedelta(seconds=100)
"""What has a number from 100 on happened under the next queen."""
Step = tuple[float, str, dict[str, Any]]
"""When, in seconds, the type of an event, and its data."""
LOST = Problem.model_validate(JobLost("Its queen died.", why="She was killed.").problem())
QUEUED: Step = (0, "state", {"state": "queued"})
RUNNING: Step = (1, "state", {"state": "running"})
TOKEN: Step = (2, "token", {"i": 0, "text": "a word", "cuts": [1, 6], "dt_ms": [1.0, 2.0]})
GONE: Step = (101, "end", {"state": "lost", "reason": "queen_died", "error": LOST.wire(), "epoch": 2})
AGAIN: Step = (101, "attempt", {"n": 2, "reason": "queen_died", "epoch": 2})
DONE: tuple[Step, ...] = ((109, "result", {"result": {"text": "a word"}}), (110, "end", {"state": "succeeded"}))


def events(job_id: str, *steps: Step) -> tuple[Event, ...]:
    """The log that these steps make."""
    return tuple(
        EVENT.validate_json(
            json.dumps(
                {"job_id": job_id, "seq": seq, "at": (AT + timedelta(seconds=at)).isoformat(), "type": kind, "data": data}
            )
        )
        for seq, (at, kind, data) in enumerate(steps, 1)
    )


def logged(create: Create, *steps: Step) -> Logged:
    """The job that was created like this, after these steps."""
    assert create.job_id is not None
    first, *others = made = events(create.job_id, *steps)
    terms = parse_terms(create.start, create.key, create.retry)
    assert isinstance(first, StateEvent)
    record = begin(parse_operation(create.payload), first, terms, epoch=1)
    for event in others:
        record = fold(record, event)
    return Logged(record, made)


def asked(name: str, *, key: str | None = None, retry: int = 0, start: Start = "now", **more: Any) -> Create:
    """Somebody asks a model, and is told that it is job `job-NAME`."""
    payload = {"operation": "infer", "prompt": f"prompt of {name}", **more}
    return Create(payload, key, retry, start, f"job-{name}")


RETRIED, CUT, PRIVATE = asked("retried", retry=1), asked("cut"), asked("private", private=True)
CANCELLED, UNASKED = asked("cancelled", key="key-c"), asked("unasked", start="on_stream")
LOOK = Create({"operation": "hive_list"}, "key-l", job_id="job-look")
REFUSED = Create({"operation": "status"}, "key-l", job_id="job-look", conflict=True)

JOBS = {
    "job-retried": logged(RETRIED, QUEUED, RUNNING, TOKEN, AGAIN, (102, *RUNNING[1:]), (103, *TOKEN[1:]), *DONE),
    "job-cut": logged(CUT, QUEUED, RUNNING, TOKEN, GONE),
    "job-private": logged(PRIVATE, QUEUED, GONE),
    "job-cancelled": logged(
        CANCELLED,
        QUEUED,
        RUNNING,
        (3, "state", {"state": "cancelling", "reason": "cancel"}),
        (4, "end", {"state": "cancelled"}),
    ),
    "job-unasked": logged(UNASKED, QUEUED),
    "job-look": logged(LOOK, QUEUED, (105, *RUNNING[1:]), *DONE),
}


@dataclass(frozen=True)
class Home:
    """All that the oracle is given."""

    log: Log
    views: Views
    journal: tuple[Noted, ...]
    left: ProcessTable = field(default_factory=ProcessTable)

    def check(self) -> None:
        """Ask the oracle."""
        check_invariants(self.log, self.views, self.journal, self.left)

    def with_job(self, job_id: str, change: Callable[[Logged], Logged | None]) -> Home:
        """The same, but for one job; `None` removes it."""
        changed = change(self.log.jobs[job_id])
        others = {name: job for name, job in self.log.jobs.items() if name != job_id}
        return replace(self, log=replace(self.log, jobs=others | ({job_id: changed} if changed else {})))

    def with_views(self, **more: Any) -> Home:
        """The same, and somebody saw or was told more."""
        views: dict[str, Any] = {name: (*getattr(self.views, name), each) for name, each in more.items()}
        return replace(self, views=replace(self.views, **views))

    def with_start(self, prompt: str) -> Home:
        """The same, and a worker was asked this."""
        return replace(self, journal=(*self.journal, Noted(0.0, 7, "start", digest(prompt))))


def saw(job_id: str, after: int, upto: int, reader: str = "ann", *, whole: bool = False) -> Seen:
    """What a reader saw over one connection, as it is in the log."""
    return Seen(reader, job_id, after, tuple((each.seq, each.line) for each in JOBS[job_id].events[after:upto]), whole)


WELL = Home(
    Log(JOBS, 2, (DEATH,)),
    Views(
        seen=(
            saw("job-retried", 0, 3),
            saw("job-retried", 3, 8, whole=True),
            saw("job-cut", 1, 3, "bob"),
            saw("job-cut", 0, 0),
        ),
        creates=(RETRIED, CUT, PRIVATE, CANCELLED, CANCELLED, UNASKED, LOOK, REFUSED),
        told=(Told("cancel", JOBS["job-cancelled"].record), Told("get", JOBS["job-retried"].record)),
        listings=(Listing((("job-look", State.QUEUED), ("job-cut", State.LOST)), frozenset({"job-look"})),),
    ),
    tuple(Noted(0.0, 7, "start", digest(f"prompt of {name}")) for name in ("retried", "retried", "cut", "cancelled")),
)
"""All is well."""
