"""What SQLite says, in our words."""

from __future__ import annotations

import errno
from pathlib import Path

import apsw

from queenlib.errors import StoreBusy, StoreFailed, StoreFull, StoreUnusable

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What the system says when there is no room: then nothing was written, and it goes on when there is."""


def is_full(error: apsw.Error, connection: apsw.Connection) -> bool:
    """Whether an error means that there is no room."""
    return isinstance(error, apsw.FullError) or (isinstance(error, apsw.IOError) and connection.system_errno in FULL)


def full(path: Path, free: int) -> StoreFull:
    """The disk is full."""
    return StoreFull(
        f"The disk of {path.parent} is full: {free:,} bytes are free.",
        why="The log of jobs is on it.",
        state="Nothing of this was written; what was kept before is whole.",
        next="Make room there; the queen goes on by herself: await queen.jobs.prune(older_than=…), or remove a model.",
        free=free,
    )


def busy(path: Path, waited_s: float) -> StoreBusy:
    """Another program has it."""
    return StoreBusy(
        f"{path} was locked by another program for {waited_s:.0f} s.",
        why="Something else writes to it, such as a browser of databases or a backup.",
        state="Nothing of this was written.",
        next=f"Close what has it open: fuser {path}; then do it again.",
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
        next=f"queenlib salvage --home {path.parent}   # keeps this file, and brings what can be read into a new one",
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
