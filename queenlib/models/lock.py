"""Waiting for a lock that another process on the same home may have."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from queenlib.file_lock import FileLock
from queenlib.messages.events import Log
from queenlib.world import World


async def take(lock: FileLock, what: str, world: World) -> AsyncGenerator[Log]:
    """Wait for the lock; says once that it waits, if it has to."""
    if lock.try_take():
        return
    yield Log(text=f"Another process on this home is at {what}: waiting for it.")
    while not lock.try_take():
        await world.sleep(0.1)
