"""Connections to the database."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import apsw

CACHE_KIB = 32 * 1024
"""Pages that the writer holds in memory, in KiB: the index over the ids of a million jobs fits in."""
BUSY_S = 4.0
"""Seconds that another program's lock is waited for, each time."""


def open_writer(path: Path, vfs: str | None = None) -> apsw.Connection:
    """The one connection that writes. What it leaves in the `-wal` stays there when it is closed; see `close`."""
    connection = apsw.Connection(str(path), vfs=vfs)
    try:
        connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)  # it hides errors, and comes after a refusal as well
        connection.set_busy_timeout(int(BUSY_S * 1000))
        if not path.exists() or not path.stat().st_size:
            connection.pragma("auto_vacuum", "incremental")  # in one that is there it would be written once more
        if connection.pragma("journal_mode", "wal") != "wal":
            raise OSError(errno.ENOTSUP, "No shared memory for the write-ahead log")
        connection.pragma("synchronous", "full")
        connection.pragma("cache_size", -CACHE_KIB)
        connection.pragma("secure_delete", "on")
        connection.pragma("trusted_schema", "off")
        connection.wal_autocheckpoint(0)  # it hides errors: a failed sync has to stop us
    except BaseException as error:
        number = connection.system_errno if isinstance(error, apsw.IOError | apsw.CantOpenError) else 0
        close(connection, path)
        if number:  # a full disk, say: whoever gets the error has no connection to ask
            raise OSError(number, os.strerror(number), str(path)) from error
        raise
    return connection


def open_reader(path: Path, vfs: str | None = None) -> apsw.Connection:
    """A connection that only reads."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE, vfs=vfs)
    try:
        connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        connection.set_busy_timeout(int(BUSY_S * 1000))
        connection.pragma("query_only", "on")
        connection.pragma("trusted_schema", "off")
    except BaseException:
        connection.close()
        raise
    return connection


def close(connection: apsw.Connection, path: Path) -> None:
    """Close a connection; a `-wal` with nothing in it goes with it, if nobody else has it open."""
    try:
        if path.with_name(f"{path.name}-wal").stat().st_size == 0:
            connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0)
    except OSError:  # it is not there, or not ours to see
        pass
    finally:
        connection.close()
