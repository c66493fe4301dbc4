"""Something that is done in a moment, together with what comes until then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Soon:
    """Does something a moment after it was first asked for, unless it is done before.

    Args:
        do: What is done; it calls `done`.
        within_s: How long a moment is, in seconds.
    """

    def __init__(self, do: Callable[[], object], within_s: float) -> None:
        self._do, self._within_s = do, within_s
        self._timer: asyncio.TimerHandle | None = None

    def ask(self) -> None:
        """It is to be done."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._within_s, self._do)

    def done(self) -> None:
        """It is done."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
