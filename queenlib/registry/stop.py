"""Why a job is stopped, and what that makes of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from queenlib.errors import JobCancelled, JobTimeout, QueenClosed, QueenError
from queenlib.messages.state import State


@dataclass(frozen=True)
class Stop:
    """Why a job is stopped, and what that makes of it."""

    reason: str
    error: QueenError
    state: State = State.FAILED

    @classmethod
    def cancel(cls, job_id: str) -> Stop:
        """Somebody cancels it."""
        error = JobCancelled(
            f"{job_id} was cancelled.",
            state="Its work has ended; what it had written stays in its log.",
            next=f"Look at it: jobs.attach({job_id!r}).",
        )
        return cls("cancel", error, State.CANCELLED)

    @classmethod
    def closed(cls, job_id: str) -> Stop:
        """Its queen is being closed."""
        error = QueenClosed(
            f"{job_id} was stopped when its queen was closed.",
            why="The queen was part of a program that ended or closed it.",
            state="Its work has ended; what it had written stays in its log.",
            next="Create it again.",
        )
        return cls("queen_closed", error)

    @classmethod
    def timeout(cls, job_id: str, deadline: str, limit_s: float) -> Stop:
        """A deadline passed."""
        what = {"queue": "was queued", "run": "ran", "wait": "waited for one thing", "job": "was under way"}[deadline]
        own = deadline == "job"  # what its creator said; the others are the queen's
        error = JobTimeout(
            f"{job_id} {what} for {limit_s:g} s.",
            why=f"It was created with timeout={limit_s:g}." if own else f"That is the queen's limit for `{deadline}`.",
            state="Its work has ended; what it had written stays in its log.",
            next="Create it again with a longer timeout=, or without one."
            if own
            else "Create it again when there is less to do, or give the queen longer limits.",
            deadline=deadline,
            limit_s=limit_s,
        )
        return cls("timeout", error)


def reason_of(error: QueenError) -> str:
    """The reason that an error gives a state: `WorkerDied` is `worker_died`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", error.kind).lower()
