"""The reserve: bytes of the disk that are given back when it is full, so that the ends of jobs can still be written."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

SIZE = 256 * 1024
"""Bytes; the ends of a thousand jobs."""


class Reserve:
    """A file that holds nothing but room."""

    def __init__(self, path: Path, size: int = SIZE) -> None:
        self._path, self._size = path, size
        self._there = False

    def keep(self) -> bool:
        """Take the room, if it is there; whether we have it. Where the disk is full there is none, and that is no error."""
        if self._there:
            return True
        with suppress(OSError):
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                if os.fstat(handle).st_size != self._size:
                    os.ftruncate(handle, 0)
                    os.pwrite(handle, os.urandom(self._size), 0)  # real blocks, on whatever compresses as well
                self._there = os.fstat(handle).st_size == self._size
            finally:
                os.close(handle)
        if not self._there:
            self.give()
        return self._there

    def give(self) -> bool:
        """Give the room back; whether there was any."""
        given, self._there = self._there, False
        with suppress(OSError):
            self._path.unlink()
        return given
