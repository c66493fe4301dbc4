"""A small disk: SQLite reaches its files through it, and what makes them longer than there is room for is refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import apsw

NUMBERS = count(1)


class SmallDisk(apsw.VFS):
    """The disk of one folder.

    Args:
        folder: All that lies in it takes room, whoever has written it.
        default: Whether every database that is opened from now on lies on it.
    """

    def __init__(self, folder: Path, *, default: bool = False) -> None:
        self.name, self.usual = f"small-{next(NUMBERS)}", apsw.vfs_names()[0]
        self.room: int | None = None
        """Bytes that all files together may have; `None`: as many as they like."""
        self._folder = folder
        super().__init__(self.name, "", default)

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's name
        """Open a file."""
        return _File(self, name, flags)

    def used(self) -> int:
        """Bytes of all files; the shared memory takes none."""
        files = [path for path in self._folder.iterdir() if path.is_file() and not path.name.endswith("-shm")]
        return sum(path.stat().st_size for path in files)

    def fill(self, left: int = 0) -> None:
        """Leave room for so many bytes more."""
        self.room = self.used() + left


class _File(apsw.VFSFile):
    def __init__(self, disk: SmallDisk, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        super().__init__(disk.usual, name, flags)
        self._disk = disk

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's name
        """Write, if there is room."""
        more = offset + len(data) - self.xFileSize()
        if self._disk.room is not None and more > 0 and self._disk.used() + more > self._disk.room:
            raise apsw.FullError("no space left")
        super().xWrite(data, offset)


@contextmanager
def small_disk(folder: Path, *, default: bool = False) -> Iterator[SmallDisk]:
    """A disk that has room yet; `vfs=disk.name` takes it."""
    disk = SmallDisk(folder, default=default)
    try:
        yield disk
    finally:
        disk.unregister()
