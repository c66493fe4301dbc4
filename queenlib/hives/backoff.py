"""After a crash the next start waits: each time longer, up to a bound, until something has worked again."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from queenlib.messages.events import Waiting, Working
from queenlib.world import World

FIRST_S, MOST_S = 0.5, 60.0
"""The wait after the first crash, in seconds; each further one doubles it, up to the most."""
FORGOTTEN_S = 600.0
"""After so long without a crash the next one counts as the first, in seconds."""


@dataclass(frozen=True)
class Crashes:
    """How often something crashed since it last worked."""

    count: int
    reason: str
    """Of the last one."""
    until: float
    """When it may be started again, on the world's monotonic clock, in seconds."""


class Backoff:
    """What crashed, by name, and when it may be started again."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._crashes: dict[str, Crashes] = {}

    def crashed(self, name: str, reason: str) -> None:
        """It crashed. Those that crash while it is not to be started anyway, such as its twins, count with the first."""
        now, before = self._world.monotonic(), self._crashes.get(name)
        if before is not None and now < before.until:
            return
        count = before.count + 1 if before is not None and now < before.until + FORGOTTEN_S else 1
        self._crashes[name] = Crashes(count, reason, now + min(MOST_S, FIRST_S * 2 ** min(count - 1, 20)))

    def worked(self, name: str) -> None:
        """It did what it is for: its crashes are forgotten."""
        self._crashes.pop(name, None)

    def left_s(self, name: str) -> float:
        """How long it may not be started yet, in seconds; 0 or less if it may."""
        crashes = self._crashes.get(name)
        return crashes.until - self._world.monotonic() if crashes else 0.0

    async def wait(self, name: str) -> AsyncGenerator[Waiting | Working]:
        """Wait until it may be started, and say why."""
        while (left_s := self.left_s(name)) > 0:
            crashes = self._crashes[name]
            times = "once" if crashes.count == 1 else f"{crashes.count} times in a row"
            yield Waiting(reason=f"backoff: {name} crashed {times} ({crashes.reason}), started again in {left_s:.1f} s")
            await self._world.sleep(left_s)
            yield Working()
