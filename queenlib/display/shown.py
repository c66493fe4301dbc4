"""What can be shown: a handle on a job, whatever its class."""

from __future__ import annotations

from typing import Any, Protocol

from queenlib.messages.job import JobRecord
from queenlib.messages.snapshot import Snapshot


class Shown(Protocol):
    """A job as it is seen from here; `queenlib.Job` is one."""

    @property
    def id(self) -> str:
        """Its id."""
        ...

    @property
    def operation(self) -> str:
        """The name of its operation."""
        ...

    @property
    def record(self) -> JobRecord:
        """What was last heard of it."""
        ...

    @property
    def portal(self) -> Any:
        """Where it is followed: `submit` starts work there, `wait` waits for it, `soon` calls something there."""
        ...

    async def refresh(self) -> JobRecord:
        """Ask how it is now."""
        ...

    async def snapshot(self) -> Snapshot:
        """It so far."""
        ...

    async def cancel(self) -> JobRecord:
        """Cancel it."""
        ...

    def events(self, after: int = 0, *, every_s: float = 0.0) -> Any:
        """Its events after number `after`; what comes within so many seconds may come together."""
        ...
