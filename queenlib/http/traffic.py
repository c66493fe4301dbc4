"""Who speaks with a queen over HTTP: whether anybody does now, and since when nobody has."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from queenlib.world import World


class Traffic:
    """Counts requests that are under way; a reader of a stream is one for as long as it reads."""

    def __init__(self, world: World) -> None:
        self.under_way = 0
        self._world = world
        self._last_at = world.monotonic()

    @property
    def quiet_since(self) -> float | None:
        """Since when nobody has asked for anything, on the world's `monotonic` clock; `None` while somebody does."""
        return None if self.under_way else self._last_at

    def counted(self, app: ASGIApp) -> ASGIApp:
        """`app`, whose requests are counted."""

        async def counting(scope: Scope, receive: Receive, send: Send) -> None:
            self.under_way += 1
            try:
                await app(scope, receive, send)
            finally:
                self.under_way -= 1
                self._last_at = self._world.monotonic()

        return counting
