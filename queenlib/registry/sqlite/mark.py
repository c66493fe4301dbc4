"""The mark: how far this home has come, beside the database, so that one which lacks something is found out.

A database whose log was cut off, whose `-wal` was removed, or that was put back from a copy opens like any other. The mark
names the last thing that was kept: what is older is kept as well, because a log loses its end first. It is written after the
commit and is not synced: it may be behind, and is never ahead.
"""

from __future__ import annotations

import os
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

_FORM = struct.Struct("<16sqq")
_CRC = struct.Struct("<I")
SIZE = _FORM.size + _CRC.size


@dataclass(frozen=True)
class Marked:
    """The last thing that was kept."""

    store: bytes
    """The database's own id, 16 bytes."""
    number: int
    """A job's number; 0 where the last thing was that jobs were removed."""
    seq: int
    """An event's number; or how often jobs have been removed."""


class Mark:
    """The file of the mark."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def read(self) -> Marked | None:
        """What it says; `None` if there is none, or it was half written."""
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return None
        if len(data) != SIZE or zlib.crc32(data[: _FORM.size]) != _CRC.unpack(data[_FORM.size :])[0]:
            return None
        return Marked(*_FORM.unpack(data[: _FORM.size]))

    def write(self, marked: Marked) -> None:
        """Write it, in one call to the system."""
        if self._handle is None:
            self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            os.ftruncate(self._handle, SIZE)  # of whatever was there, no tail may stay
        said = _FORM.pack(marked.store, marked.number, marked.seq)
        os.pwrite(self._handle, said + _CRC.pack(zlib.crc32(said)), 0)

    def clear(self) -> None:
        """Say nothing, and see that on the disk: what it named may be removed next."""
        self.write(Marked(bytes(16), 0, 0))
        assert self._handle is not None
        os.fsync(self._handle)

    def close(self) -> None:
        """Let go of the file."""
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)
