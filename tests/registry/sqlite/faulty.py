"""Files that fail, hang or kill at one exact call: SQLite reaches its own through them."""

from __future__ import annotations

import errno
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

import apsw

NUMBERS = count(1)
CODES = {"write": apsw.SQLITE_IOERR_WRITE, "sync": apsw.SQLITE_IOERR_FSYNC, "truncate": apsw.SQLITE_IOERR_TRUNCATE}
KINDS = {"wal": apsw.SQLITE_OPEN_WAL, "db": apsw.SQLITE_OPEN_MAIN_DB}


@dataclass
class Fault:
    """What goes wrong once, and when. Afterwards all is well again: whoever tries once more succeeds."""

    call: str
    """`write`, `sync` or `truncate`; or `any` of them, and of opening and removing a file."""
    nth: int
    """At this call of the kind, counted from 1."""
    error: int = errno.EIO
    """What the system says; 0: the process is killed there and then."""
    file: str = "any"
    """`wal`, `db` or `any`."""
    met: int = 0
    """Calls so far."""

    @property
    def happened(self) -> bool:
        """Whether it has gone wrong."""
        return self.met >= self.nth


@dataclass
class Gate:
    """Holds back every sync of a `-wal` while it is closed."""

    open: threading.Event = field(default_factory=threading.Event)
    reached: threading.Event = field(default_factory=threading.Event)
    """Set when a sync stands before it."""


class FaultyFiles(apsw.VFS):
    """All files of a database."""

    def __init__(self) -> None:
        self.name, self.usual = f"faulty-{next(NUMBERS)}", apsw.vfs_names()[0]
        self.fault: Fault | None = None
        self.gate: Gate | None = None
        self._said = threading.local()
        super().__init__(self.name, "")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's name
        """Open one."""
        self.meet("open", flags[0])
        return FaultyFile(self, name, flags)

    def xDelete(self, name: str, sync: bool) -> None:  # noqa: N802 - SQLite's name
        """Remove one."""
        self.meet("delete", 0)
        super().xDelete(name, sync)

    def xGetLastError(self) -> tuple[int, str]:  # noqa: N802 - SQLite's name
        """What the system said last, in this thread."""
        return getattr(self._said, "error", 0), ""

    def meet(self, call: str, flags: int) -> None:
        """A call is made: it may be the one that goes wrong."""
        if self.gate is not None and call == "sync" and flags & apsw.SQLITE_OPEN_WAL:
            self.gate.reached.set()
            assert self.gate.open.wait(30)
        fault = self.fault
        if fault is None or fault.call not in (call, "any") or not (fault.file == "any" or flags & KINDS[fault.file]):
            return
        fault.met += 1
        if fault.met == fault.nth:
            if not fault.error:
                os.kill(os.getpid(), signal.SIGKILL)
            self._said.error = fault.error
            raise _said(call, fault.error)


class FaultyFile(apsw.VFSFile):
    """One of them."""

    def __init__(self, files: FaultyFiles, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        super().__init__(files.usual, name, flags)
        self._files, self._flags = files, flags[0]

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's name
        """Write, or not."""
        self._files.meet("write", self._flags)
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's name
        """Bring it to the disk, or not."""
        self._files.meet("sync", self._flags)
        super().xSync(flags)

    def xTruncate(self, size: int) -> None:  # noqa: N802 - SQLite's name
        """Cut it off, or not."""
        self._files.meet("truncate", self._flags)
        super().xTruncate(size)


def _said(call: str, error: int) -> apsw.Error:
    """What SQLite's own files say in this case."""
    if call == "write" and error == errno.ENOSPC:
        return apsw.FullError("no space left")
    failed = apsw.IOError(os.strerror(error))
    failed.extendedresult = CODES.get(call, apsw.SQLITE_IOERR)  # type: ignore[attr-defined]  # not in its stubs
    return failed


@contextmanager
def faulty() -> Iterator[FaultyFiles]:
    """Files that do nothing wrong yet; `vfs=files.name` takes them."""
    files = FaultyFiles()
    try:
        yield files
    finally:
        files.unregister()
