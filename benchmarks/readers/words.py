"""What both sides of a benchmark of readers share: the form of an event, the orders, and room for sockets."""

from __future__ import annotations

import asyncio
import resource
import sys
from collections.abc import AsyncIterator

TOKEN = "a-token-of-exactly-forty-characters-0000"
FRAME = (
    b'id: %d\nevent: token\ndata: {"job_id":"job-7f3k9m2p4qxz","seq":%d,"at":"2026-01-01T00:00:00.000000Z","type":"token",'
    b'"data":{"i":%d,"text":"word 0000000 ","cuts":[13],"dt_ms":[1.0],"channel":"content"}}\n\n'
)
"""An event of a job with one word, but for its numbers."""
END = b'id: 0\nevent: end\ndata: {"type":"end"}\n\n'
MARK = b"\nevent: token\n"
"""What each word's event has once."""
LAST = b"\nevent: end\n"


def more_files() -> None:
    """As many open files as this process may have."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def orders() -> AsyncIterator[tuple[int, float]]:
    """Each line of the input: how many, and how many seconds apart."""
    while line := await asyncio.to_thread(sys.stdin.readline):
        count, gap = line.split()
        yield int(count), float(gap)
