"""Opening the database: everything that may be wrong with it is found here, before a byte of it is changed."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import apsw

from queenlib.errors import HomeTaken
from queenlib.file_lock import FileLock
from queenlib.registry.sqlite import failures
from queenlib.registry.sqlite.checks import check_form, check_head, check_mark, check_whole, check_whose, identify, is_empty
from queenlib.registry.sqlite.connection import close, open_writer
from queenlib.registry.sqlite.mark import Mark, Marked
from queenlib.registry.sqlite.mounts import check_place
from queenlib.registry.sqlite.reserve import Reserve
from queenlib.registry.sqlite.schema import APPLICATION_ID, FILLS, MIGRATIONS
from queenlib.world import World


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
        """Mark the last thing that was kept; where there is no room for that, the mark stays as it was."""
        try:
            self._mark.write(Marked(self.store, number, seq))
        except OSError as error:
            if not failures.is_full(error):
                raise

    def unmark(self) -> None:
        """Mark nothing: what was marked may be removed next."""
        self._mark.clear()

    def free(self) -> int:
        """Bytes that are free on its disk."""
        return failures.free_at(self.path)

    def close(self, *, failed: bool = False) -> None:
        """Let go of all of it; the lock last.

        Args:
            failed: Whether something could not be written. Else what is in the `-wal` goes into the database first.
        """
        try:
            if failed or not self.still_there():
                self.connection.close()
            else:
                with suppress(apsw.Error):  # then it stays in the `-wal`, where it is kept as well
                    self.connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
                close(self.connection, self.path)
        finally:
            self._mark.close()
            self.lock.release()


def open_database(path: Path, world: World, vfs: str | None = None, migrations: Sequence[str] = MIGRATIONS) -> Opened:
    """Open the database at `path`, or make it; it is locked for as long as it is open, and its epoch is one higher.

    Args:
        path: Its file.
        world: Gives a new one its id.
        vfs: SQLite's name for how the file is reached.
        migrations: What it is made by, and what brings one of an earlier version here.

    Raises:
        HomeTaken: Another queen has it.
        StoreUnusable: It is damaged, of a later version, of another program, lacks what this home has shown, cannot be
            written, or lies on a file system of several machines. Nothing was changed.
        StoreFull: There is no room on its disk for what is written when it is opened.
        StoreBusy: Another program keeps it locked.
    """
    check_place(path.parent)
    lock = take_lock(path)
    try:
        with failures.told(path):
            check_head(path, len(migrations))
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))  # nobody else reads it, nor its `-wal`
            connection = open_writer(path, vfs)
        try:
            with failures.told(path, connection):
                return _opened(path, connection, lock, world, migrations)
        except BaseException:
            close(connection, path)
            raise
    except BaseException:
        lock.release()
        raise


def take_lock(path: Path) -> FileLock:
    """The lock of the database at `path`.

    Raises:
        HomeTaken: Another queen has it.
        StoreUnusable: It cannot be written there.
    """
    lock = FileLock(path.with_suffix(".lock"))
    with failures.told(path):
        if lock.try_take():
            return lock
    raise HomeTaken(
        f"Another queen has {path.parent}.",
        why="There is one queen to a home; whoever else opens it becomes a client of hers.",
        state="She was not disturbed.",
        next=f"Join her: Queen(home={str(path.parent)!r}), or take another home: QUEENLIB_HOME=/path",
        path=str(path.parent),
    )


def _opened(path: Path, connection: apsw.Connection, lock: FileLock, world: World, migrations: Sequence[str]) -> Opened:
    mark = Mark(path.with_suffix(".mark"))
    if not is_empty(connection):  # its head may say less than its `-wal`
        version = connection.pragma("user_version")
        check_whose(path, connection.pragma("application_id"), version, len(migrations))
        check_form(path, connection, migrations[:version])
        check_whole(path, connection)
    connection.execute("BEGIN IMMEDIATE")  # one that begins with a read would not wait for another program's lock
    _migrate(connection, world, migrations)
    check_mark(path, connection, mark)
    connection.execute("UPDATE meta SET epoch = epoch + 1")
    store, epoch = identify(path, connection)
    connection.execute("COMMIT")  # after an error the connection is closed, and none of this was done
    connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)  # what a dead queen left is read once, and synced
    sync_folder(path.parent)
    files = {each: _identity(each) for each in (path, path.with_name(f"{path.name}-wal"))}
    reserve = Reserve(path.with_suffix(".reserve"))
    reserve.keep()
    return Opened(path, connection, epoch, store, lock, reserve, mark, files)


def _migrate(connection: apsw.Connection, world: World, migrations: Sequence[str]) -> None:
    version = connection.pragma("user_version")
    for script in migrations[version:]:
        connection.execute(script)
        if script in FILLS:
            FILLS[script](connection)
    if version == 0:
        store = UUID(int=world.random.getrandbits(128))
        connection.pragma("application_id", APPLICATION_ID)
        connection.execute("INSERT INTO meta (store, epoch, removals) VALUES (?, 0, 0)", (str(store),))
    if version < len(migrations):
        connection.pragma("user_version", len(migrations))


def _identity(path: Path) -> tuple[int, int]:
    status = os.stat(path)  # noqa: PTH116 - with every commit, and a third of the time
    return status.st_dev, status.st_ino


def sync_folder(folder: Path) -> None:
    """Bring the names of its files to the disk."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # some systems have no such thing
        return
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):
            raise
    finally:
        os.close(handle)
