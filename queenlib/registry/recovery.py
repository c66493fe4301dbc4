"""What becomes of a job whose queen died under it: a decision, without I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from queenlib.errors import JobLost, QueenError
from queenlib.messages.base import Operation, Recovery
from queenlib.messages.job import JobRecord
from queenlib.messages.state import State
from queenlib.registry.stop import Stop

DIED = "queen_died"
"""The reason of what a queen's death caused."""


@dataclass(frozen=True)
class Fate:
    """What becomes of one job."""

    deed: Literal["go on", "again", "end"]
    """It is where it was: it goes on from there; or it begins anew, in another attempt; or it has ended."""
    stop: Stop | None = None
    """How it has ended."""


def fate(record: JobRecord, operation: Operation) -> Fate:
    """What becomes of a job that had not ended when its queen died.

    What is queued has not begun. What is told to end has: nothing of a queen outlives her. Reads and what converges begin
    anew. Inference does as often as its terms say, and also where it had only waited: it is kept that it runs before a word
    of it goes to an engine. Else nobody knows how far it came, and it is lost.
    """
    if record.state is State.CANCELLING and record.reason == "cancel":
        return Fate("end", Stop.cancel(record.id))
    if operation.forgets:
        return Fate("end", _lost(record, "It was private: what was asked is written down nowhere.", "Ask again."))
    if record.state is State.QUEUED:
        return Fate("go on")
    if record.state is State.CANCELLING:
        return Fate("end", _lost(record, f"It was being stopped ({record.reason})."))
    if operation.recovery is not Recovery.ONCE or record.state is State.WAITING:
        return Fate("again")
    if record.attempt <= record.terms.retry:
        return Fate("again")
    return Fate("end", _lost(record, "Whether it finished cannot be known."))


def unreadable(record: JobRecord, error: QueenError) -> Stop:
    """The end of a job whose operation this version does not know."""
    return _lost(record, f"This version of queenlib cannot read its operation: {error.what}")


def _lost(record: JobRecord, why: str, again: str = "") -> Stop:
    pieces = f"{record.tokens:,} pieces of its answer are" if record.tokens else "What it had written is"
    error = JobLost(
        f"{record.id} was {record.state} when its queen died, since {record.since:%Y-%m-%d %H:%M:%S} UTC.",
        why=why,
        state=f"{pieces} in its log.",
        next=f"Look at it: jobs.attach({record.id!r}). {again or f'Run it again: jobs.rerun({record.id!r})'}",
    )
    return Stop(DIED, error, State.LOST)
