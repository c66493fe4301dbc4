"""Connections to the database."""

from __future__ import annotations

from pathlib import Path

import apsw

CACHE_KIB = 32 * 1024
"""Pages that the writer holds in memory, in KiB: the index over the ids of a million jobs fits in."""
BUSY_S = 4.0
"""Seconds that another program's lock is waited for, each time."""


def open_writer(path: Path, vfs: str | None = None) -> apsw.Connection:
    """The one connection that writes."""
    connection = apsw.Connection(str(path), vfs=vfs)
    try:
        connection.set_busy_timeout(int(BUSY_S * 1000))
        connection.pragma("auto_vacuum", "incremental")  # of a new database; one that is there stays as it was made
        connection.pragma("journal_mode", "wal")
        connection.pragma("synchronous", "full")
        connection.pragma("cache_size", -CACHE_KIB)
        connection.pragma("secure_delete", "on")
        connection.pragma("trusted_schema", "off")
        connection.wal_autocheckpoint(0)  # it hides errors: a failed sync has to stop us
    except BaseException:
        connection.close()
        raise
    return connection


def open_reader(path: Path, vfs: str | None = None) -> apsw.Connection:
    """A connection that only reads."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE, vfs=vfs)
    connection.set_busy_timeout(int(BUSY_S * 1000))
    connection.pragma("query_only", "on")
    connection.pragma("trusted_schema", "off")
    return connection
