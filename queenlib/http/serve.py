"""Shows a queen on a socket, from inside a running event loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import uvicorn
from starlette.types import ASGIApp

from queenlib.http.app import build_app
from queenlib.http.limits import HttpLimits
from queenlib.http.listen import listen
from queenlib.http.protocol import BoundedProtocol
from queenlib.http.streams import BEAT_S, SEND_S, Pace, Streams
from queenlib.http.traffic import Traffic
from queenlib.router import Router
from queenlib.world import World

WAITING = 1024
"""Connections that may wait to be accepted."""
GRACE_S = 5
"""Seconds in which requests under way may end when the server stops."""


@asynccontextmanager
async def serving(
    router: Router,
    token: str,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    allow_wide: bool = False,
    names: Collection[str] = (),
    world: World | None = None,
    limits: HttpLimits | None = None,
    beat_s: float = BEAT_S,
    send_s: float = SEND_S,
    traffic: Traffic | None = None,
) -> AsyncIterator[str]:
    """Serve a queen for as long as this is open; gives her address. No signal is handled and nothing is printed.

    On leaving, no connection is accepted any more, streams end without an `end` (so that their readers come back), and
    other requests have 5 s to finish. Close the queen inside for readers to see how their jobs ended.

    Args:
        router: The queen.
        token: What every request has to show; a strong one where not only this machine can reach the socket.
        host: An address of this machine, or `localhost`.
        port: 0 for any that is free.
        allow_wide: Let other machines reach the socket.
        names: Further names of this queen, as they stand in `Host`, such as `queen.lan:8000`.
        world: Whose clock bounds how long a body may take.
        limits: Bounds of a request.
        beat_s: Seconds without an event after which a stream has sent a heartbeat.
        send_s: Seconds in which a reader has to take something of what was sent to it; else its connection is cut.
        traffic: Counts the requests.

    Raises:
        QueenError: The address is not free, not of this machine, or wide without leave or without a strong token.
    """
    listener = listen(host, port, token, allow_wide=allow_wide)
    address, port = listener.getsockname()[:2]
    streams = Streams(world or World(), Pace(beat_s, send_s))
    app = build_app(router, token, world=world, names=names, limits=limits, streams=streams)
    async with _running(traffic.counted(app) if traffic else app, listener, streams):
        yield f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"


@asynccontextmanager
async def _running(app: ASGIApp, listener: socket.socket, streams: Streams) -> AsyncIterator[None]:
    closing = asyncio.Event()
    server = _Server(_config(app), closing)
    task = asyncio.create_task(server.serve(sockets=[listener]), name="http")
    try:
        ready = asyncio.create_task(server.ready.wait())
        await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if task.done():
            task.result()
        yield
    finally:
        server.should_exit = True
        closing.set()
        streams.end()
        await asyncio.gather(task, return_exceptions=True)
        listener.close()


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=BoundedProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # it would believe what a caller says about who it is
        server_header=False,
        backlog=1,  # accepted at once: without a descriptor asyncio tries as often, and sets a timer each time
        timeout_keep_alive=15,
        timeout_graceful_shutdown=GRACE_S,
    )


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, closing: asyncio.Event) -> None:
        super().__init__(config)
        self.ready, self._closing = asyncio.Event(), closing

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for each in sockets or ():
            each.listen(WAITING)
        self.ready.set()

    async def main_loop(self) -> None:
        while not await self.on_tick(0):  # it only renews the date: no need to wake ten times a second, as uvicorn does
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), 1.0)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:  # whoever runs us has its own handlers
        yield
