"""How long a job is waited for, and from where its log is read: what may be said of it, and what was too short."""

from __future__ import annotations

import math
import operator
from numbers import Real

from queenlib.errors import InvalidRequest, NotEnded
from queenlib.messages.job import JobRecord
from queenlib.messages.place import check_every


def check_timeout(timeout: object) -> None:
    """Speak up where nobody can wait for so long.

    Raises:
        InvalidRequest: It is no number.
    """
    if timeout is not None and (not isinstance(timeout, Real) or math.isnan(timeout)):
        raise InvalidRequest(
            f"timeout is {timeout!r:.80}.",
            why="It is a number of seconds, or None for as long as it takes.",
            state="Nothing was waited for.",
            next="Say how long to wait: job.wait(timeout=60).",
        )


def check_reading(after: int, every_s: float = 0.0) -> None:
    """Speak up where a log cannot be read so.

    Raises:
        InvalidRequest: `after` is no whole number, or `every_s` not 0 to 1.
    """
    check_every(every_s)
    try:
        operator.index(after)
    except TypeError:
        raise InvalidRequest(
            f"after is {after!r:.80}.",
            why="It is the number of the last event that you have, or 0 for none.",
            state="Nothing was sent.",
            next="Read from the start: job.events().",
        ) from None


def not_ended(job: JobRecord, waited_s: float) -> NotEnded:
    """The error of one whose time to wait is over."""
    return NotEnded(
        f"{job.id} has not ended after {waited_s:g} s.",
        why="That is how long it was to be waited for.",
        state=f"It goes on; it was {job.state} when last heard of.",
        next=f"Wait on: await jobs.attach({job.id!r}); end it: await jobs.cancel({job.id!r})",
        job_id=job.id,
        waited_s=waited_s,
    )
