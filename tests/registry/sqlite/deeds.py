"""Deeds for a writer, the writer itself, and another program that keeps its database locked."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw

from queenlib.registry.sqlite.inbox import Deed
from queenlib.registry.sqlite.ledger import Ledger
from queenlib.registry.sqlite.opening import open_database
from queenlib.registry.sqlite.writer import Writer
from queenlib.world import World
from tests.registry.sqlite.logs import DIGEST, ending, lines, record_of_log

LOCKING = """
import sys, apsw
database = apsw.Connection(sys.argv[1])
database.set_busy_timeout(20_000)
database.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
database.execute("ROLLBACK")
print("free", flush=True)
"""


def creating(job_id: str, size: int = 1, **how: Any) -> Deed:
    """A new job, with so many lines in its log."""
    log = lines(job_id, 1, size)
    return Deed(lambda ledger: ledger.create(record_of_log(log), log, DIGEST), **how)


def ends(job_id: str, size: int = 1) -> Deed:
    """The end of a job that has so many lines."""
    end = ending(job_id, size + 1)
    record = record_of_log([*lines(job_id, 1, size), *end])
    return Deed(lambda ledger: ledger.append(record, end), patient=True, vital=True)


def deleting(*job_ids: str, scrub: bool = False) -> Deed:
    """The removal of jobs."""
    return Deed(lambda ledger: ledger.delete(job_ids), vital=True, scrub=scrub)


def failing(error: Exception) -> Deed:
    """A deed that raises this."""

    def fail(_: Ledger) -> None:
        raise error

    return Deed(fail)


@contextmanager
def writing(path: Path, vfs: str | None = None, **how: Any) -> Iterator[Writer]:
    """A writer on the database at `path`, closed at the end."""
    writer = Writer(open_database(path, World(), vfs), World(), **how)
    try:
        yield writer
    finally:
        writer.close()


async def outcomes(writer: Writer, deeds: Sequence[Deed]) -> list[Any]:
    """What came of deeds that are there at once: their answers, or their errors."""
    return await asyncio.gather(*map(writer.do, deeds), return_exceptions=True)


def jobs_in(path: Path) -> list[str]:
    """The jobs that whoever opens the database sees now, oldest first; its pages make a database."""
    database = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        database.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        database.pragma("query_only", "on")
        assert database.pragma("quick_check") == "ok"
        return [str(job_id) for (job_id,) in database.execute("SELECT id FROM jobs ORDER BY number")]
    finally:
        database.close()


def commits_in(wal: Path) -> int:
    """How many commits a `-wal` has; what an earlier round has left in it does not count."""
    data = wal.read_bytes()
    size = 24 + int.from_bytes(data[8:12])
    frames = [data[at : at + 24] for at in range(32, len(data) - size + 1, size)]
    return sum(frame[4:8] != bytes(4) for frame in frames if frame[8:16] == data[16:24])


@contextmanager
def locked(path: Path) -> Iterator[Callable[[], None]]:
    """Another program has the database locked, until what this gives is called."""
    command = [sys.executable, "-c", LOCKING, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"

        def free() -> None:
            assert process.stdin is not None
            assert process.stdout is not None
            if not process.stdin.closed:
                process.stdin.close()
                assert process.stdout.readline() == "free\n"

        yield free
        free()
