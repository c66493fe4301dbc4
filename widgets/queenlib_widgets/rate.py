"""How fast something comes, and how long it will take."""

from __future__ import annotations

from math import exp

SMOOTH_S = 3.0
"""What is older than that hardly counts."""
NEEDED = 3
"""Without so many looks, nothing is said: the first of them are about the start."""


class Rate:
    """A smoothed rate."""

    def __init__(self) -> None:
        self._at: float | None = None
        self._done = 0
        self._looks = 0
        self._per_s = 0.0

    def look(self, done: int, at: float) -> None:
        """So much is done at this time, in seconds on a clock that never jumps."""
        if self._at is not None and at > self._at:
            now = max(0, done - self._done) / (at - self._at)
            keep = exp(-(at - self._at) / SMOOTH_S) if self._looks > 1 else 0.0
            self._per_s = keep * self._per_s + (1 - keep) * now
        if self._at is None or at > self._at:
            self._at, self._done, self._looks = at, done, self._looks + 1

    @property
    def per_s(self) -> float | None:
        """So much a second; `None` while nobody can say."""
        return self._per_s if self._looks >= NEEDED and self._per_s > 0 else None

    def left_s(self, total: int | None) -> float | None:
        """Seconds that it will still take; `None` while nobody can say."""
        rate = self.per_s
        return None if rate is None or total is None else max(0, total - self._done) / rate
