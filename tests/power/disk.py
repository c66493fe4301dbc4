"""A disk that remembers: an SQLite VFS over real files that records, in order, what was written and what was synced.

What SQLite's own VFS does beside it is recorded as well: the first sync of a journal or a `-wal` syncs their folder. The
`-shm` is memory that dies with the machine, so that nothing of it is recorded. The mark of the store is no file of SQLite's:
it is looked at whenever something else is recorded. That the store syncs its folder when it has opened is not recorded:
whatever is promised holds without it.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import apsw

JOURNALS = apsw.SQLITE_OPEN_MAIN_JOURNAL | apsw.SQLITE_OPEN_WAL
"""What SQLite opens with these flags has its folder synced with its first sync."""
_NAMES = count(1)


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes were written."""

    file: str
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Cut:
    """A file was cut off, or filled up with zeros."""

    file: str
    size: int


@dataclass(frozen=True, slots=True)
class Sync:
    """All that was written to a file is on the disk."""

    file: str


@dataclass(frozen=True, slots=True)
class Made:
    """A file came to be, empty."""

    file: str


@dataclass(frozen=True, slots=True)
class Gone:
    """A file was deleted."""

    file: str


@dataclass(frozen=True, slots=True)
class FolderSync:
    """Which files there are is on the disk."""


@dataclass(frozen=True, slots=True)
class Marked:
    """The store's mark says something else than before."""

    data: bytes


Act = Write | Cut | Sync | Made | Gone | FolderSync | Marked
"""One thing that happened to the disk."""


@dataclass(frozen=True)
class Recording:
    """All that happened to one folder."""

    before: Mapping[str, bytes]
    """The files that lay in it when it began, as they were on the disk."""
    acts: list[Act]


class Disk:
    """Records what is done to a database under the VFS `name`, for as long as it is open.

    Args:
        path: The database; what belongs to it lies beside it.
        deaf_to: What the names of files end with whose syncs it takes no note of, as a disk does that lies.
    """

    def __init__(self, path: Path, deaf_to: tuple[str, ...] = ()) -> None:
        self.name = f"power-{next(_NAMES)}"
        self._mark, self._deaf_to = path.with_suffix(".mark"), deaf_to
        lasting = [path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-journal"), self._mark]
        self.recording = Recording({each.name: each.read_bytes() for each in lasting if each.exists()}, [])
        self._marked = self.recording.before.get(self._mark.name, b"")
        self._lock = threading.Lock()
        self._vfs: _Vfs | None = None

    def __enter__(self) -> Disk:
        self._vfs = _Vfs(self)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._vfs is not None
        self._vfs.unregister()

    def note(self, *acts: Act) -> None:
        """These things have happened, or are about to."""
        with self._lock:
            self._look()
            self.recording.acts.extend(acts)

    def moment(self) -> int:
        """How many things have happened so far."""
        with self._lock:
            self._look()
            return len(self.recording.acts)

    def hears(self, file: str) -> bool:
        """Whether it takes note of the syncs of a file."""
        return not (self._deaf_to and file.endswith(self._deaf_to))

    def _look(self) -> None:
        said = b""
        with suppress(FileNotFoundError):
            said = self._mark.read_bytes()
        if said != self._marked:
            self._marked = said
            self.recording.acts.append(Marked(said))


class _Vfs(apsw.VFS):
    """The usual one, and it tells the disk."""

    def __init__(self, disk: Disk) -> None:
        self._disk, self._seen = disk, set(disk.recording.before)
        super().__init__(disk.name, "")

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's name
        """Open a file; one that is seen for the first time was made."""
        if name is None:  # a temporary file: it is not on the disk when the machine has died
            return apsw.VFSFile("", name, flags)
        path = Path(name.filename() if isinstance(name, apsw.URIFilename) else name)
        opened = _File(self._disk, path.name, name, flags)
        if path.name not in self._seen:
            self._seen.add(path.name)
            self._disk.note(Made(path.name))
        return opened

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802 - SQLite's name
        """Delete a file."""
        file = Path(filename).name
        super().xDelete(filename, syncdir)
        self._seen.discard(file)
        self._disk.note(Gone(file), *([FolderSync()] if syncdir else []))


class _File(apsw.VFSFile):
    """A usual file, and it tells the disk. Its real syncs are left out: this machine does not lose its power."""

    def __init__(self, disk: Disk, file: str, name: Any, flags: list[int]) -> None:
        self._disk, self._file = disk, file
        self._folder_too = bool(flags[0] & JOURNALS)
        super().__init__("", name, flags)

    def xWrite(self, data: Any, offset: int) -> None:  # noqa: N802 - SQLite's name
        """Write bytes."""
        self._disk.note(Write(self._file, offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 - SQLite's name
        """Cut it off."""
        self._disk.note(Cut(self._file, newsize))
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's name
        """Bring it to the disk."""
        if self._disk.hears(self._file):
            self._disk.note(Sync(self._file), *([FolderSync()] if self._folder_too else []))
            self._folder_too = False
