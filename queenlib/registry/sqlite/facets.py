"""Facets: what jobs that have ended are found by, as rows of an index of our own.

Those that have not ended are few, and are looked at one by one. A facet is a number that stands for an aspect of a job, such
as a tag; whoever finds a job by it looks at the job itself, so that two aspects with one number do no harm.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Collection, Sequence
from typing import Any

import apsw

from queenlib.messages.filter import Aspect, aspects
from queenlib.messages.job import JobRecord
from queenlib.registry.sqlite.frames import microseconds
from queenlib.registry.sqlite.rows import head_crc, ids_crc


def facet(aspect: Aspect) -> int:
    """The number that stands for an aspect: 47 bits of its hash."""
    return int.from_bytes(hashlib.blake2b("=".join(aspect).encode(), digest_size=6).digest()) >> 1


def put(db: apsw.Connection, number: int, record: JobRecord) -> None:
    """Write down what a job that has ended is found by."""
    found = aspects(record.operation, record.state, record.terms.tags, record.request)
    _put(db, number, found, microseconds(record.created_at))


_ROWS = """
    SELECT jobs.number, id, ended_at, head, jobs.crc, requests.body, requests.crc, at
    FROM jobs LEFT JOIN requests ON requests.number = jobs.number LEFT JOIN chunks ON place = jobs.number << 32 | 1
    WHERE {} ORDER BY jobs.number
"""


def remove(db: apsw.Connection, number: int) -> None:
    """Remove what a job is found by; it is still there itself."""
    for row in db.execute(_ROWS.format("jobs.number = ?"), (number,)).fetchall():
        if (found := _read(row)) is None:  # it is damaged: what it said has to be looked for
            db.execute("DELETE FROM facets WHERE number = ?", (number,))
        else:
            db.executemany("DELETE FROM facets WHERE facet = ? AND number = ?", [(facet(each), number) for each in found])
    db.execute("DELETE FROM dates WHERE number = ?", (number,))


def fill(db: apsw.Connection) -> None:
    """Write down what all jobs are found by that have ended; a damaged one is left out, and whoever reads it is told."""
    for row in db.execute(_ROWS.format("ended_at IS NOT NULL")):
        if (found := _read(row)) is not None:
            _put(db, row[0], found, row[-1])


def _read(row: Sequence[Any]) -> frozenset[Aspect] | None:
    """What a job is found by; `None` if its row is not what was written."""
    number, job_id, ended_at, head, crc, request, request_crc, at = row
    whole = request is not None and at is not None and head_crc(job_id, ended_at, head) == crc
    if not whole or ids_crc(number, zlib.crc32(request)) != request_crc:
        return None
    said = json.loads(head)
    return aspects(said["operation"], said["state"], said["terms"].get("tags", ()), json.loads(request))


def _put(db: apsw.Connection, number: int, found: Collection[Aspect], created_at: int) -> None:
    db.executemany("INSERT OR IGNORE INTO facets VALUES (?, ?)", [(facet(each), number) for each in found])
    db.execute("INSERT OR REPLACE INTO dates VALUES (?, ?)", (number, created_at))
