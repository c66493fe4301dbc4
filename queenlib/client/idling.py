"""Waits until nothing has happened for a while."""

from __future__ import annotations

from collections.abc import Callable

from queenlib.world import World


async def idle(quiet_since: Callable[[], float | None], world: World, after_s: float) -> None:
    """Return when it has been quiet for `after_s` seconds.

    It looks up only when that may be so: at most once in `after_s` while something happens.

    Args:
        quiet_since: Since when it has been, on the world's `monotonic` clock; `None` while it is not.
        world: The clock.
        after_s: Seconds.
    """
    while True:
        since = quiet_since()
        left_s = after_s if since is None else since + after_s - world.monotonic()
        if left_s <= 0:
            return
        await world.sleep(left_s)
