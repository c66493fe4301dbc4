"""A lock on a file, between processes and within one. It ends with its process, however that ends. Standard library only."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from weakref import WeakSet

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
    """Held by one at a time. The file itself stays: it is empty."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle: int | None = None

    def try_take(self) -> bool:
        """Take it, if nobody has it.

        Raises:
            OSError: Its file cannot be opened.
        """
        if self._handle is None:
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            taken = False
            try:
                taken = _try_lock(handle)
            finally:
                if not taken:
                    os.close(handle)
            if not taken:
                return False
            self._handle = handle
            _HELD.add(self)
        return True

    def release(self) -> None:
        """Let go; nothing happens if it is not held."""
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)


_HELD: WeakSet[FileLock] = WeakSet()


def _let_go() -> None:
    # A forked process has a share in each lock, and would keep it when its parent dies.
    for lock in list(_HELD):
        lock.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)
