"""The peer: a bare uvicorn application that streams events, with a queue for each client. A process of its own.

`python -m benchmarks.readers.bare HTTP`, where HTTP is `h11` or `httptools`. It prints its port; for each line `COUNT GAP`
of its input it publishes so many events, so many seconds apart.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any, Literal, cast

import uvicorn

from benchmarks.readers.words import END, FRAME, more_files, orders

CLIENTS: set[asyncio.Queue[bytes]] = set()


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Stream what is published, up to the end."""
    queue: asyncio.Queue[bytes] = asyncio.Queue()
    CLIENTS.add(queue)
    headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"retry: 1000\nid: 0\n\n", "more_body": True})
    frame = b""
    while frame != END:
        frame = await queue.get()
        await send({"type": "http.response.body", "body": frame, "more_body": True})
    CLIENTS.discard(queue)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def publish(frame: bytes) -> None:
    """Give it to each client."""
    for queue in CLIENTS:
        queue.put_nowait(frame)


async def main(http: str) -> None:
    """Serve until the input ends."""
    more_files()
    kind = cast("Literal['h11', 'httptools']", http)
    server = uvicorn.Server(
        uvicorn.Config(app, port=0, http=kind, ws="none", lifespan="off", log_config=None, loop="asyncio")
    )
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - it has no event for that
        await asyncio.sleep(0.01)
    print(server.servers[0].sockets[0].getsockname()[1], flush=True)
    async for count, gap in orders():
        for number in range(count):
            publish(FRAME % (number + 2, number + 2, number))
            await asyncio.sleep(gap)
        publish(END)
    server.should_exit = True
    await serving


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
