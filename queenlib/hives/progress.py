"""Whether a process that loads gets on: seen from outside, for an engine that loads says nothing."""

from __future__ import annotations

from dataclasses import dataclass

import psutil

from queenlib.world import World

STEP_BYTES = 1_000_000
"""So much more memory, or so much read, is progress."""
STEP_CPU_S = 0.05
"""So much computed shows that it is at work; that alone is no progress for ever."""


@dataclass(frozen=True)
class Seen:
    """What a process has used up so far."""

    memory: int = 0
    """Main memory that it holds, in bytes."""
    read: int = 0
    """Read from files, in bytes; 0 where the system does not tell."""
    cpu_s: float = 0.0
    """Computed, in seconds."""


def look(pid: int) -> Seen | None:
    """What a process has used up; `None` if it is not there any more."""
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            times = process.cpu_times()
            read = process.io_counters().read_chars if hasattr(process, "io_counters") else 0
            return Seen(process.memory_info().rss, read, times.user + times.system)
    except (psutil.Error, AttributeError):
        return None


class Vigil:
    """Watches whether something gets on.

    Args:
        world: The clock.
        still_s: How long it may do nothing at all, in seconds.
        fruitless_s: How long it may compute and neither read nor fill memory, in seconds.
    """

    def __init__(self, world: World, still_s: float, fruitless_s: float) -> None:
        self._world, self._still_s, self._fruitless_s = world, still_s, fruitless_s
        self._mark = Seen()
        self._got_on = self._worked = world.monotonic()

    def got_on(self) -> None:
        """It said so itself."""
        self._got_on = self._worked = self._world.monotonic()

    def note(self, seen: Seen) -> None:
        """What it has used up by now."""
        if abs(seen.memory - self._mark.memory) >= STEP_BYTES or seen.read - self._mark.read >= STEP_BYTES:
            self._mark = seen
            self.got_on()
        elif seen.cpu_s - self._mark.cpu_s >= STEP_CPU_S:
            self._mark = Seen(self._mark.memory, self._mark.read, seen.cpu_s)
            self._worked = self._world.monotonic()

    def silent_s(self) -> float | None:
        """For how long it has given no sign, if that is too long, in seconds; else `None`."""
        now = self._world.monotonic()
        if now - self._worked >= self._still_s:
            return now - self._worked
        return now - self._got_on if now - self._got_on >= self._fruitless_s else None
