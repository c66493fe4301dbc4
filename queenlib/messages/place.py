"""Where somebody is in a job's log."""

from __future__ import annotations

from typing import NamedTuple

from queenlib.errors import InvalidRequest

MANY = 256
"""Jobs that can be followed in one stream."""


class Place(NamedTuple):
    """Where somebody wants to read on."""

    job_id: str
    after: int = 0
    """The number of the last event that it has."""
    epoch: int | None = None
    """The job's epoch when it got it, if it knows."""


def not_followed(count: int) -> InvalidRequest:
    """The error for so many places that cannot be followed together."""
    return InvalidRequest(
        f"{count} jobs are named; one stream follows 1 to {MANY}, each of them once.",
        state="Nothing was sent.",
        next="Name each job once; more of them need a further stream: jobs.follow([id, …])",
    )
