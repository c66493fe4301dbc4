"""Goes through a file from its start, in a window of 1 MiB: what it reads is small however large the file is."""

from __future__ import annotations

import os
import struct
from typing import Any, BinaryIO

_WINDOW = 2**20
_LENGTH = struct.Struct("<Q")


class Malformed(Exception):
    """The file is not what it has to be; the text names the field."""


class Cursor:
    """A place in a file. All numbers are little-endian."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = os.fstat(file.fileno()).st_size
        """Of the file, in bytes."""
        self._window = b""
        self._base = 0
        self._at = 0

    @property
    def position(self) -> int:
        """How many bytes are behind."""
        return self._base + self._at

    @staticmethod
    def width(code: str) -> int:
        """How many bytes a number of this `struct` code has."""
        return struct.calcsize(f"<{code}")

    def number(self, code: str, field: str) -> Any:
        """The number of this `struct` code that is next.

        Raises:
            Malformed: The file ends before it does.
        """
        return struct.unpack(f"<{code}", self.take(self.width(code), field))[0]

    def text(self, limit: int, field: str) -> str:
        """The text that is next, behind its length.

        Raises:
            Malformed: It is longer than `limit` bytes, no UTF-8, or the file ends before it does.
        """
        length = self.number("Q", f"length of {field}")
        if length > limit:
            raise Malformed(f"length of {field}: {length:,} bytes, where {limit:,} is the most")
        try:
            return self.take(length, field).decode()
        except UnicodeDecodeError:
            raise Malformed(f"{field}: is no UTF-8") from None

    def take(self, count: int, field: str) -> bytes:
        """The next `count` bytes, few of them.

        Raises:
            Malformed: The file ends before they do.
        """
        self._hold(count, field)
        self._at += count
        return self._window[self._at - count : self._at]

    def skip(self, count: int, field: str) -> None:
        """Pass over `count` bytes.

        Raises:
            Malformed: The file ends before they do.
        """
        if count > self.size - self.position:
            raise self._cut(count, field)
        self._at += count

    def skip_strings(self, count: int, field: str) -> None:
        """Pass over `count` texts, each behind its length.

        Raises:
            Malformed: The file ends before they do.
        """
        length_at, window, at = _LENGTH.unpack_from, self._window, self._at
        for _ in range(count):
            if at + 8 > len(window):
                self._at = at
                self._hold(8, field)
                window, at = self._window, self._at
            at += 8 + length_at(window, at)[0]
        self._at = at
        self.skip(0, field)

    def _hold(self, count: int, field: str) -> None:
        """Make the window hold the next `count` bytes."""
        if self._at + count <= len(self._window):
            return
        if count > self.size - self.position:
            raise self._cut(count, field)
        self._base, self._at = self.position, 0
        self._file.seek(self._base)
        self._window = self._file.read(_WINDOW)
        if len(self._window) < count:  # it was cut while it was read
            raise self._cut(count, field)

    def _cut(self, count: int, field: str) -> Malformed:
        return Malformed(
            f"{field}: {count:,} bytes from byte {self.position:,} on in a file of {self.size:,}: it is cut off"
        )
