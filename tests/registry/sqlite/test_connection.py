"""Connections: the one that writes is safe against a loss of power, those that read cannot write."""

from __future__ import annotations

from pathlib import Path

import apsw
import psutil
import pytest

from queenlib.registry.sqlite.connection import BUSY_S, CACHE_KIB, close, open_reader, open_writer

SETTINGS = {
    "journal_mode": "wal",
    "synchronous": 2,  # full
    "auto_vacuum": 2,  # incremental
    "secure_delete": 1,
    "trusted_schema": 0,
    "wal_autocheckpoint": 0,
    "busy_timeout": int(BUSY_S * 1000),
    "cache_size": -CACHE_KIB,
}

THOUSAND = """
    INSERT INTO t WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
    SELECT randomblob(4096) FROM n
"""
"""A thousand rows of a page each, in one commit."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a database is to lie."""
    return tmp_path / "jobs.db"


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_the_writer_is_set(path: Path, name: str) -> None:
    """Each setting that a promise hangs on is in force."""
    connection = open_writer(path)
    assert connection.pragma(name) == SETTINGS[name]
    connection.close()


def test_only_we_bring_the_wal_into_the_database(path: Path) -> None:
    """No commit does it by itself, where an error would be hidden."""
    connection = open_writer(path)
    connection.execute("CREATE TABLE t (x)")
    for _ in range(3):
        connection.execute(THOUSAND)
    assert path.stat().st_size <= 4096
    assert path.with_name(f"{path.name}-wal").stat().st_size > 3000 * 4096
    connection.close()


def test_what_is_deleted_is_overwritten(path: Path) -> None:
    """No byte of a removed row is left in the file."""
    connection = open_writer(path)
    connection.execute("CREATE TABLE t (x)")
    connection.execute("INSERT INTO t VALUES (?), ('other')", ("a secret that has to go " * 50,))
    connection.execute("DELETE FROM t WHERE x <> 'other'")
    connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    assert b"a secret" not in path.read_bytes()
    connection.close()


def test_a_reader_sees_what_is_committed(path: Path) -> None:
    """And as soon as it is, while the writer goes on."""
    writer = open_writer(path)
    writer.execute("CREATE TABLE t (x)")
    reader = open_reader(path)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("INSERT INTO t VALUES (1)")
    assert reader.execute("SELECT * FROM t").fetchall() == []
    writer.execute("COMMIT")
    assert reader.execute("SELECT * FROM t").fetchall() == [(1,)]
    reader.close()
    writer.close()


@pytest.mark.parametrize("deed", ["INSERT INTO t VALUES (1)", "DELETE FROM t", "DROP TABLE t", "CREATE TABLE u (x)"])
def test_a_reader_cannot_write(path: Path, deed: str) -> None:
    """Whatever it is asked."""
    writer = open_writer(path)
    writer.execute("CREATE TABLE t (x)")
    reader = open_reader(path)
    with pytest.raises(apsw.ReadOnlyError):
        reader.execute(deed)
    assert reader.pragma("busy_timeout") == int(BUSY_S * 1000)
    reader.close()
    writer.close()


def test_a_reader_makes_no_database(path: Path) -> None:
    """Where there is none, it says so."""
    with pytest.raises(apsw.CantOpenError):
        open_reader(path)
    assert not path.exists()


def test_a_file_that_is_no_database_is_let_go_of(path: Path) -> None:
    """The error leaves no open file, and the bytes as they were."""
    path.write_bytes(b"a letter to somebody " * 400)
    with pytest.raises(apsw.NotADBError):
        open_writer(path)
    assert str(path) not in {file.path for file in psutil.Process().open_files()}
    assert path.read_bytes() == b"a letter to somebody " * 400
    assert list(path.parent.iterdir()) == [path]


def test_what_is_in_the_wal_stays_there(path: Path) -> None:
    """Closing brings nothing into the database: it would do so after a refusal as well, and hide its errors."""
    connection = open_writer(path)
    connection.execute("CREATE TABLE t (x)")
    wal = path.with_name(f"{path.name}-wal")
    before, size = path.read_bytes(), wal.stat().st_size
    reader = open_reader(path)
    close(connection, path)
    close(reader, path)
    assert path.read_bytes() == before
    assert wal.stat().st_size == size > 0


def test_an_empty_wal_goes_with_the_last_connection(path: Path) -> None:
    """A database that was closed in order is one file."""
    connection = open_writer(path)
    connection.execute("CREATE TABLE t (x)")
    connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    close(connection, path)
    assert list(path.parent.iterdir()) == [path]


def test_where_there_can_be_no_wal_nothing_is_opened() -> None:
    """A database in memory has none, as one on a file system without shared memory."""
    with pytest.raises(OSError, match="write-ahead log"):
        open_writer(Path(":memory:"))


def test_a_vfs_that_is_not_there_is_an_error(path: Path) -> None:
    """It is not left out silently: a test of faults would test nothing."""
    for opened in (open_writer, open_reader):
        with pytest.raises(apsw.Error, match="no such vfs"):
            opened(path, "none-such")
