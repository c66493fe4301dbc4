"""A lock between processes that use one home. It ends with its process, however that ends."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncGenerator
from contextlib import suppress
from pathlib import Path

from queenlib.messages.events import Log
from queenlib.world import World

if sys.platform == "win32":
    import msvcrt

    def _try_lock(handle: int) -> bool:
        with suppress(OSError):
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            return True
        return False
else:
    import fcntl

    def _try_lock(handle: int) -> bool:
        with suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        return False


class FileLock:
    """`async for log in lock.take(): …`, then the work, then `lock.release()`. The file itself stays: it is empty."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    async def take(self, what: str, world: World) -> AsyncGenerator[Log]:
        """Wait for the lock; says once that it waits, if it has to."""
        self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if _try_lock(self._handle):
            return
        yield Log(text=f"Another process on this home is at {what}: waiting for it.")
        while not _try_lock(self._handle):
            await world.sleep(0.1)

    def release(self) -> None:
        """Let go; nothing happens if it is not held."""
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)
