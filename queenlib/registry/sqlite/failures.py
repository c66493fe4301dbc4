"""What SQLite says, in our words."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shlex import quote

import apsw

from queenlib.errors import StoreBusy, StoreFailed, StoreFull, StoreUnusable
from queenlib.registry.sqlite.connection import BUSY_S

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What the system says when there is no room: then nothing was written, and it goes on when there is."""


DAMAGE = (apsw.CorruptError, apsw.NotADBError, apsw.SQLError, apsw.ConstraintError, apsw.MismatchError)
"""What SQLite says of a database whose bytes are wrong: our own statements fit those that are right."""
_SYNCS = frozenset({apsw.SQLITE_IOERR_FSYNC, apsw.SQLITE_IOERR_DIR_FSYNC})


def is_full(error: BaseException, connection: apsw.Connection | None = None) -> bool:
    """Whether an error means that there is no room, and that nothing was written.

    A sync that fails is never that, whatever the system says: nobody knows what of it is on the disk.
    """
    if isinstance(error, OSError):
        return error.errno in FULL
    if isinstance(error, apsw.IOError | apsw.CantOpenError) and getattr(error, "extendedresult", 0) not in _SYNCS:
        return connection is not None and connection.system_errno in FULL
    return isinstance(error, apsw.FullError)


def free_at(path: Path) -> int:
    """Bytes that are free on the disk of a file; 0 where the system does not say."""
    with suppress(OSError):
        return shutil.disk_usage(path.parent).free
    return 0


@contextmanager
def told(path: Path, connection: apsw.Connection | None = None) -> Iterator[None]:
    """Say in our words what SQLite or the system says of a database that is being opened."""
    try:
        yield
    except DAMAGE as error:
        raise damaged(path, said(error)) from error
    except apsw.BusyError as error:
        raise busy(path, BUSY_S) from error
    except (apsw.Error, OSError) as error:
        if is_full(error, connection):
            raise full(path, free_at(path)) from error
        if isinstance(error, apsw.ReadOnlyError | apsw.CantOpenError | apsw.PermissionsError | PermissionError) or (
            isinstance(error, OSError) and error.errno == errno.EROFS
        ):
            raise unwritable(path, error) from error
        raise unusable(path, f"could not be opened: {said(error)}", "io", "See to the disk, then try again.") from error


def salvage(path: Path) -> str:
    """The line that brings what can be read of a store into a new one."""
    return f"queenlib salvage --home {quote(str(path.parent))}"


def full(path: Path, free: int) -> StoreFull:
    """The disk is full."""
    return StoreFull(
        f"The disk of {path.parent} is full: {free:,} bytes are free.",
        why="The log of jobs is on it.",
        state="Nothing of this was written; what was kept before is whole.",
        next="Make room there: remove a model, or await queen.jobs.prune(older_than=…). A queen at work goes on by herself.",
        free=free,
    )


def busy(path: Path, waited_s: float) -> StoreBusy:
    """Another program has it."""
    return StoreBusy(
        f"{path} was locked by another program for {waited_s:.0f} s.",
        why="Something else writes to it, such as a browser of databases or a backup.",
        state="Nothing of this was written.",
        next=f"Close what has it open: fuser {quote(str(path))}; then do it again.",
        waited_s=waited_s,
    )


def unscrubbed(path: Path, waited_s: float) -> StoreBusy:
    """Jobs were removed, and bytes of them are still there."""
    return StoreBusy(
        f"The -wal of {path} was read by another program for {waited_s:.0f} s.",
        why="What that program sees has to stay until it has done.",
        state="The jobs were removed; bytes of them are in it until it is emptied, at the latest by the next queen.",
        next=f"Close what has it open: fuser {quote(str(path))}",
        waited_s=waited_s,
    )


def stopped(path: Path, error: BaseException) -> StoreFailed:
    """The store writes nothing more."""
    return StoreFailed(
        f"{path} could not be written: {said(error)}.",
        why="After such an error nobody can say what is on the disk, so that nothing more is written.",
        state="Every job that was acknowledged before is kept; what is under way is stopped.",
        next="See to the disk, then start the queen again.",
    )


def vanished(path: Path) -> StoreFailed:
    """Somebody has removed or replaced it."""
    return StoreFailed(
        f"{path} was removed or replaced under the queen.",
        why="What is written now would be in no file that anybody can open.",
        state="This was not acknowledged; nothing more is written.",
        next=f"Put {path.name} back, with its -wal, and start the queen again.",
    )


def closed(path: Path) -> StoreFailed:
    """Its queen was closed."""
    return StoreFailed(f"{path} is closed.", why="Its queen was.", state="Nothing was done.", next="Make a new one: Queen()")


def unread(path: Path, error: BaseException) -> StoreFailed:
    """Something cannot be read."""
    return StoreFailed(
        f"{path} could not be read: {said(error)}.",
        why="The disk did not give what was asked for.",
        state="Nothing was changed.",
        next="See to the disk, then ask again.",
    )


def damaged(path: Path, what: str) -> StoreUnusable:
    """Bytes of it are wrong."""
    return StoreUnusable(
        f"{path} is damaged: {what}.",
        why="Its bytes are not those that were written: a disk that fails, or another program that wrote into it.",
        state="Nothing was changed.",
        next=f"{salvage(path)}   # keeps this file, and brings what can be read into a new one",
        path=str(path),
        fault="damaged",
    )


def unusable(path: Path, what: str, fault: str, remedy: str) -> StoreUnusable:
    """It cannot be opened, and was not touched; `fault` is one of the words of `StoreUnusable`."""
    return StoreUnusable(
        f"{path} {what}.",
        why="The log of all jobs of this home is there.",
        state="Nothing was changed.",
        next=remedy,
        path=str(path),
        fault=fault,
    )


def unwritable(path: Path, error: Exception) -> StoreUnusable:
    """We may not write there."""
    return unusable(
        path,
        f"cannot be written: {said(error)}",
        "read_only",
        "Give another folder: QUEENLIB_HOME=/path or Queen(home='/path').",
    )


def said(error: BaseException) -> str:
    """What an error says of itself, in one line."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
