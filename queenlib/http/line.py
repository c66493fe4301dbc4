"""The connection below a stream, as a stream sees it: what can be written now, and when that changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

LINE = "line"
"""Where a request's scope has it, in its state."""


class Line(Protocol):
    """A connection on which the body of an answer is under way, in chunks."""

    told: Callable[[], None] | None
    """Called when it has room again and when it is gone."""

    @property
    def full(self) -> bool:
        """Whether what was written waits, so that nothing more should be."""
        ...

    @property
    def gone(self) -> bool:
        """Whether nothing can be written any more."""
        ...

    @property
    def unsent(self) -> int:
        """Bytes that were written and have not left."""
        ...

    def write(self, body: bytes) -> None:
        """Write one chunk, at once; nothing where it is gone."""
        ...

    def abort(self) -> None:
        """Cut it: what has not left is thrown away."""
        ...
