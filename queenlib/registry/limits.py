"""How much a queen takes on, and how long it lets things take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Bounds of one queen."""

    unfinished: int = 10_000
    """Jobs that have not ended; one more is refused."""
    running: int = 1_000
    """Jobs that are worked on at once, reads not counted; the others are queued."""
    queue_s: float = 86_400.0
    """Seconds that a job may be queued, be it for a place or for somebody to start it."""
    wait_s: float = 86_400.0
    """Seconds that a job may wait for one thing outside it."""
    run_s: float | None = None
    """Seconds that a job may run in all; by default what its operation says."""
    retry_after_s: float = 5.0
    """Seconds after which one who was refused may come again."""
