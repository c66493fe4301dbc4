"""Databases that are opened, closed, left and refused, in one line each."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from queenlib.errors import QueenError, StoreUnusable
from queenlib.file_lock import FileLock
from queenlib.registry.sqlite.opening import Opened, open_database
from queenlib.registry.sqlite.schema import MIGRATIONS
from queenlib.world import World
from tests.registry.sqlite.written import files_of

posix = pytest.mark.skipif(os.name != "posix", reason="modes and users are POSIX's")
SECOND = "CREATE TABLE notes (number INTEGER PRIMARY KEY, said TEXT NOT NULL) STRICT; INSERT INTO notes VALUES (1, 'new')"
"""Another migration."""
NEXT = (*MIGRATIONS, SECOND)


def meta(opened: Opened) -> tuple[object, ...]:
    """What a database says of itself."""
    ((*said,),) = opened.connection.execute("SELECT store, epoch, removals FROM meta").fetchall()
    return tuple(said)


def opened_and_closed(path: Path, migrations: Sequence[str] = MIGRATIONS) -> int:
    """Open a database and close it; gives its epoch."""
    opened = open_database(path, World(), migrations=migrations)
    opened.close()
    return opened.epoch


def left_open(path: Path, *said: str, migrations: Sequence[str] = MIGRATIONS) -> None:
    """Open a database, have it do something, and leave it as a queen does who dies: all of that is in the `-wal`."""
    opened = open_database(path, World(), migrations=migrations)
    for each in said or ("UPDATE meta SET removals = removals + 1",):
        opened.connection.execute(each)
    opened.close(failed=True)


def attempted(path: Path, vfs: str | None = None) -> Opened | QueenError:
    """Open a database; gives the error, if there was one, and then nothing of it is held any more."""
    try:
        return open_database(path, World(), vfs)
    except QueenError as error:
        assert free(path)
        return error


def free(path: Path) -> bool:
    """Whether nobody has its lock, and this process has nothing of it open."""
    lock = FileLock(path.with_suffix(".lock"))
    taken = lock.try_take()
    lock.release()
    files = {Path(file.path).name for file in psutil.Process().open_files() if Path(file.path).parent == path.parent}
    return taken and not files


def refused(path: Path, migrations: Sequence[str] = MIGRATIONS) -> StoreUnusable:
    """What is said when it is opened; nothing was changed, and nothing of it is held any more."""
    before = files_of(path.parent)
    with pytest.raises(StoreUnusable) as caught:
        open_database(path, World(), migrations=migrations)
    assert files_of(path.parent) == before
    assert free(path)
    assert all((caught.value.what, caught.value.why, caught.value.state, caught.value.next))
    return caught.value


@contextmanager
def small_files(most: int) -> Iterator[None]:
    """No file of this process may grow beyond so many bytes, as on a disk without room."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
