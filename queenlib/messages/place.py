"""Where somebody is in a job's log."""

from __future__ import annotations

from typing import NamedTuple

from queenlib.errors import InvalidRequest

MANY = 256
"""Jobs that can be followed in one stream."""
EVERY_MS = 1000
"""What may come together in a stream, at most."""


class Place(NamedTuple):
    """Where somebody wants to read on."""

    job_id: str
    after: int = 0
    """The number of the last event that it has."""
    epoch: int | None = None
    """The job's epoch when it got it, if it knows."""


def check_every(seconds: float) -> None:
    """Speak up where what comes within so many seconds cannot come together.

    Raises:
        InvalidRequest: It is not 0 to 1.
    """
    if not 0 <= 1000 * seconds <= EVERY_MS:
        raise InvalidRequest(
            f"every_s is {seconds:g}.",
            why=f"It is a number of seconds from 0 to {EVERY_MS / 1000:g}.",
            state="Nothing was sent.",
            next="Say how long what comes may wait for more: every_s=0.1.",
        )


def not_followed(count: int) -> InvalidRequest:
    """The error for so many places that cannot be followed together."""
    return InvalidRequest(
        f"{count} jobs are named; one stream follows 1 to {MANY}, each of them once.",
        state="Nothing was sent.",
        next="Name each job once; more of them need a further stream: jobs.follow([id, …])",
    )
