"""How many tokens a second a worker gives, over its last few seconds."""

from __future__ import annotations

from collections import deque

WINDOW_S = 3.0
"""What is older does not count, in seconds."""
STEP_S = 0.25
"""Tokens of one such step are counted together: a worker that gives thousands a second is not slowed by being measured."""
NEEDED_S = 0.5
"""In a shorter time than this nothing can be said, in seconds."""


class Speed:
    """Counts tokens as they come. All times are those of one clock that never jumps, in seconds."""

    def __init__(self) -> None:
        self._steps: deque[tuple[float, int]] = deque()
        """When each step began that something came in, and how much."""

    def count(self, at: float) -> None:
        """A token came."""
        if self._steps and at - self._steps[-1][0] < STEP_S:
            began, many = self._steps[-1]
            self._steps[-1] = (began, many + 1)
            return
        self._forget(at)
        self._steps.append((at, 1))

    def per_s(self, at: float) -> float | None:
        """Tokens a second: in whole ones, below ten in tenths; `None` where none came lately, or it is too soon to say."""
        self._forget(at)
        took = at - self._steps[0][0] if self._steps else 0.0
        if took < NEEDED_S:
            return None
        rate = sum(many for _, many in self._steps) / took
        return round(rate, 1) if rate < 10 else float(round(rate))

    def _forget(self, at: float) -> None:
        while self._steps and at - self._steps[0][0] > WINDOW_S:
            self._steps.popleft()
