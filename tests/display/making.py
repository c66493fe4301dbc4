"""Jobs as they may be, to be shown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from queenlib.messages.events import Problem
from queenlib.messages.job import JobRecord
from queenlib.messages.snapshot import Snapshot
from queenlib.messages.state import State

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>[a](javascript:alert(3))\x1b[31m\u202e```\n````\n"


def snapshot(state: State = State.RUNNING, text: str = "", **more: Any) -> Snapshot:
    """A job with an answer so far."""
    known = {name: more.pop(name) for name in ("progress", "lines", "reasoning") if name in more}
    known = {name: tuple(each) if isinstance(each, list) else each for name, each in known.items()}
    said = {"id": "job-1", "operation": "infer", "request": {}, "since": AT, "created_at": AT, "last_seq": 3, **more}
    return Snapshot(job=JobRecord(state=state, **said), text=text, **known)


def failed(what: str = "It broke.", text: str = "") -> Snapshot:
    """A job that failed."""
    error = Problem(kind="WorkerDied", what=what, why=what, state=what, next=what)
    return snapshot(State.FAILED, text, error=error, reason="worker_died")
