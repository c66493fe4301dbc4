"""The places in which jobs are worked on: so many at once, and whoever comes later waits."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager, nullcontext

from queenlib.messages.base import Operation, Recovery


class Places:
    """All that there are. Reads need none.

    Args:
        count: How many.
    """

    def __init__(self, count: int) -> None:
        self._all = asyncio.Semaphore(count)

    def free(self, operation: Operation) -> bool:
        """Whether it would get one at once."""
        return operation.recovery is Recovery.READ or not self._all.locked()

    def one(self, operation: Operation) -> AbstractAsyncContextManager[object]:
        """One, for as long as this is open; waited for if need be."""
        return nullcontext() if operation.recovery is Recovery.READ else self._all
