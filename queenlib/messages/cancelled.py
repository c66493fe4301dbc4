"""What became of jobs that were cancelled together."""

from __future__ import annotations

from collections import Counter

from queenlib.messages.base import Message, Result
from queenlib.messages.state import State


class CancelledJob(Message):
    """A job that had not ended and was told to."""

    id: str
    operation: str
    """The operation's name on the wire."""
    state: State
    """What it came to: `cancelled`, or another end that it came to in the same moment."""
    reason: str = ""
    """Why it is in this state."""


class Cancelled(Result):
    """The jobs that were cancelled together; those that had ended before are not among them."""

    jobs: tuple[CancelledJob, ...]
    """Oldest first."""

    @property
    def ids(self) -> tuple[str, ...]:
        """Their ids, oldest first."""
        return tuple(job.id for job in self.jobs)

    def __str__(self) -> str:
        count = Counter(str(job.state) for job in self.jobs)
        said = ", ".join(f"{number:,} {state}" for state, number in sorted(count.items()))
        return f"{len(self.jobs):,} {'job' if len(self.jobs) == 1 else 'jobs'}{': ' if said else ''}{said}"

    def __repr__(self) -> str:
        return f"<Cancelled: {self}>"
