"""Opening the database: everything that may be wrong with it is found here, before a byte of it is changed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import apsw

from queenlib.errors import HomeTaken
from queenlib.file_lock import FileLock
from queenlib.registry.sqlite import failures
from queenlib.registry.sqlite.checks import check_head, check_mark, check_whole, identify
from queenlib.registry.sqlite.connection import open_writer
from queenlib.registry.sqlite.mark import Mark, Marked
from queenlib.registry.sqlite.mounts import check_place
from queenlib.registry.sqlite.reserve import Reserve
from queenlib.registry.sqlite.schema import APPLICATION_ID, MIGRATIONS, VERSION
from queenlib.world import World

CHECK_BYTES = 256 * 1024**2
"""Up to this size the whole database is checked when it is opened; of a larger one, each part when it is read."""
_MAGIC = b"SQLite format 3\x00"


@dataclass
class Opened:
    """A database that is ours, and what lies beside it."""

    path: Path
    connection: apsw.Connection
    epoch: int
    store: bytes
    lock: FileLock
    reserve: Reserve
    _mark: Mark
    _files: dict[Path, tuple[int, int]]

    def still_there(self) -> bool:
        """Whether its files are those that were opened."""
        try:
            return all(_identity(path) == identity for path, identity in self._files.items())
        except OSError:
            return False

    def note(self, number: int, seq: int) -> None:
        """Mark the last event that was kept."""
        self._mark.write(Marked(self.store, number, seq))

    def unmark(self) -> None:
        """Mark nothing: what was marked may be removed next."""
        self._mark.clear()

    def free(self) -> int:
        """Bytes that are free on its disk."""
        return shutil.disk_usage(self.path.parent).free

    def close(self) -> None:
        """Let go of all of it; the lock last."""
        self.connection.close()
        self._mark.close()
        self.lock.release()


def open_database(path: Path, world: World, vfs: str | None = None) -> Opened:
    """Open the database at `path`, or make it; it is locked for as long as it is open, and its epoch is one higher.

    Raises:
        HomeTaken: Another queen has it.
        StoreUnusable: It is damaged, of a later version, of another program, lacks what this home has shown, cannot be
            written, or lies on a file system of several machines. Nothing was changed.
    """
    check_place(path.parent)
    lock = _locked(path)
    try:
        with _told(path):
            fresh = check_head(path)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))  # nobody else reads it, nor its `-wal`
            connection = open_writer(path, vfs)
            try:
                return _opened(path, connection, lock, world, fresh=fresh)
            except BaseException:
                connection.close()
                raise
    except BaseException:
        lock.release()
        raise


def _opened(path: Path, connection: apsw.Connection, lock: FileLock, world: World, *, fresh: bool) -> Opened:
    mark = Mark(path.with_suffix(".mark"))
    if not fresh:
        check_whole(path, connection)
    with connection:
        _migrate(connection, world)
        if not fresh:
            check_mark(path, connection, mark)
        connection.execute("UPDATE meta SET epoch = epoch + 1")
    store, epoch = identify(connection)
    connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)  # what a dead queen left is read once, and synced
    with connection:
        connection.execute("UPDATE meta SET epoch = epoch")  # the `-wal` is there from now on
    _sync_folder(path.parent)
    files = {each: _identity(each) for each in (path, path.with_name(f"{path.name}-wal"))}
    reserve = Reserve(path.with_suffix(".reserve"))
    reserve.keep()
    return Opened(path, connection, epoch, store, lock, reserve, mark, files)


def _locked(path: Path) -> FileLock:
    lock = FileLock(path.with_suffix(".lock"))
    try:
        if lock.try_take():
            return lock
    except OSError as error:
        raise failures.unwritable(path, error) from error
    raise HomeTaken(
        f"Another queen has {path.parent}.",
        why="There is one queen to a home; whoever else opens it becomes a client of hers.",
        state="She was not disturbed.",
        next=f"Join her: Queen(home={str(path.parent)!r}), or take another home: QUEENLIB_HOME=/path",
        path=str(path.parent),
    )


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Say in our words what SQLite or the system says when it cannot open a file."""
    try:
        yield
    except (apsw.CorruptError, apsw.NotADBError) as error:
        raise failures.damaged(path, failures.said(error)) from error
    except (apsw.ReadOnlyError, apsw.CantOpenError, apsw.PermissionsError, PermissionError) as error:
        raise failures.unwritable(path, error) from error
    except apsw.BusyError as error:
        raise failures.busy(path, 4.0) from error
    except (apsw.Error, OSError) as error:
        if isinstance(error, apsw.FullError):
            raise failures.full(path, shutil.disk_usage(path.parent).free) from error
        raise failures.unusable(
            path, f"could not be opened: {failures.said(error)}", "io", "See to the disk, then try again."
        ) from error


def _migrate(connection: apsw.Connection, world: World) -> None:
    version = connection.pragma("user_version")
    for script in MIGRATIONS[version:]:
        connection.execute(script)
    if version == 0:
        store = UUID(int=world.random.getrandbits(128))
        connection.pragma("application_id", APPLICATION_ID)
        connection.execute("INSERT INTO meta VALUES (?, 0)", (str(store),))
    if version < VERSION:
        connection.pragma("user_version", VERSION)


def _identity(path: Path) -> tuple[int, int]:
    status = os.stat(path)  # noqa: PTH116 - with every commit, and a third of the time
    return status.st_dev, status.st_ino


def _sync_folder(folder: Path) -> None:
    with suppress(OSError):  # some systems have no such thing
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
