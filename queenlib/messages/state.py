"""The states of a job."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where a job is in its life."""

    QUEUED = "queued"
    """Accepted; nothing works on it yet."""
    RUNNING = "running"
    """It is being worked on."""
    WAITING = "waiting"
    """It is being worked on and blocked by something outside it: a slot, a load, a hive."""
    CANCELLING = "cancelling"
    """It was told to stop, and its work has not ended yet."""
    SUCCEEDED = "succeeded"
    """It has its result."""
    FAILED = "failed"
    """It ended without its result; its error says why."""
    CANCELLED = "cancelled"
    """It was told to stop, and its work has ended."""
    LOST = "lost"
    """Its queen died; whether the work finished cannot be known."""

    @property
    def ended(self) -> bool:
        """Whether nothing comes after this state."""
        return self in (State.SUCCEEDED, State.FAILED, State.CANCELLED, State.LOST)
