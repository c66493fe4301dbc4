"""What is read: each is one look at the database, as it was at one moment."""

from __future__ import annotations

import json
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import apsw

from queenlib.messages.events import EndEvent, Event, RowEvent
from queenlib.messages.filter import ALL, JobFilter
from queenlib.messages.job import JobRecord, PrunedJob
from queenlib.messages.row import RowData
from queenlib.messages.state import State
from queenlib.registry.sqlite import failures
from queenlib.registry.sqlite.chunk import is_whole, place_of
from queenlib.registry.sqlite.frames import BadFrame, Place, decode, microseconds, moment
from queenlib.registry.sqlite.rows import head_crc, ids_crc, record_of
from queenlib.registry.sqlite.selecting import candidates
from queenlib.registry.store import NOTHING

_SELECT = """
    SELECT jobs.number, id, ended_at, head, jobs.crc, requests.body, requests.crc, results.body, results.crc, chunks.*
    FROM jobs LEFT JOIN requests ON requests.number = jobs.number LEFT JOIN results ON results.number = jobs.number {result}
    LEFT JOIN chunks ON place =
        (SELECT place FROM chunks
         WHERE place >= jobs.number << 32 AND place < (jobs.number + 1) << 32 ORDER BY place DESC LIMIT 1)
"""
_WITH, _WITHOUT = _SELECT.format(result=""), _SELECT.format(result="AND FALSE")

_ENDED = """
    SELECT id, ended_at, head, crc, operation,
        (SELECT COALESCE(SUM(LENGTH(body)), 0) FROM chunks
         WHERE place >= jobs.number << 32 AND place < (jobs.number + 1) << 32)
        + LENGTH(head) + COALESCE((SELECT LENGTH(body) FROM requests WHERE number = jobs.number), 0)
        + COALESCE((SELECT LENGTH(body) FROM besides WHERE number = jobs.number), 0)
        + COALESCE((SELECT LENGTH(body) FROM results WHERE number = jobs.number), 0)
    FROM jobs WHERE ended_at IS NOT NULL {where} ORDER BY ended_at LIMIT ?
"""


class Reading:
    """Looks at the database over one connection.

    Every method raises `StoreUnusable` where what it meets is not what was written.
    """

    def __init__(self, connection: apsw.Connection, path: Path) -> None:
        self._db, self._path = connection, path

    def get(self, job_id: str) -> JobRecord | None:
        """See `Store.get`."""
        for row in self._db.execute(f"{_WITH} WHERE id = ?", (job_id,)):
            record = self._record(row)
            self._check(job_id, "result", record.result is not None or record.state is not State.SUCCEEDED)
            return record
        return None

    def beside(self, job_id: str) -> Mapping[str, Any]:
        """See `Store.beside`."""
        query = "SELECT besides.* FROM besides JOIN jobs ON jobs.number = besides.number WHERE id = ?"
        for number, crc, body in self._db.execute(query, (job_id,)):
            self._check(job_id, "request", ids_crc(number, zlib.crc32(body)) == crc)
            found: Mapping[str, Any] = json.loads(zlib.decompress(body))
            return found
        return NOTHING

    def answers(self, keys: Collection[str]) -> Mapping[str, RowData]:
        """See `Store.answers`."""
        query = """
            SELECT answers.number, id, seq FROM answers JOIN jobs ON jobs.number = answers.number
            WHERE answers.key = ? ORDER BY answers.number DESC, seq DESC LIMIT 1
        """
        places = defaultdict[tuple[int, str], set[int]](set)
        for key in keys:
            for number, job_id, seq in self._db.execute(query, (key,)):
                places[number, job_id].add(seq)
        rows = (row for (number, job_id), seqs in places.items() for row in self._rows(number, job_id, seqs))
        return {row.key: row for row in rows}

    def _rows(self, number: int, job_id: str, seqs: Collection[int]) -> Iterator[RowData]:
        last = max(seqs)
        for event in self._events(number, job_id, min(seqs) - 1):
            if event.seq in seqs:
                self._check(job_id, "log", isinstance(event, RowEvent))
                yield cast("RowData", event.data)
            if event.seq >= last:
                return

    def find(self, prefix: str) -> Sequence[str]:
        """See `Store.find`."""
        query = "SELECT id FROM jobs WHERE id >= ? AND id < ? ORDER BY id LIMIT 2"
        return [job_id for (job_id,) in self._db.execute(query, (prefix, f"{prefix}\U0010ffff"))]

    def page(self, limit: int, before: int | None, wanted: JobFilter = ALL) -> tuple[list[JobRecord], int | None]:
        """Up to `limit` records from the number `before` down, and the number of the last if there are more."""
        if wanted != ALL:
            return self._chosen(limit, 2**62 if before is None else before, wanted)
        query = f"{_WITHOUT} WHERE jobs.number < ? ORDER BY jobs.number DESC LIMIT ?"
        rows = self._db.execute(query, (2**62 if before is None else before, limit + 1)).fetchall()
        more = int(str(rows[limit - 1][0])) if len(rows) > limit else None
        return [self._record(row) for row in rows[:limit]], more

    def _chosen(self, limit: int, before: int, wanted: JobFilter) -> tuple[list[JobRecord], int | None]:
        found, last = list[JobRecord](), 0
        for number in candidates(self._db, wanted, before):
            for row in self._db.execute(f"{_WITHOUT} WHERE jobs.number = ?", (number,)):
                if wanted.admits(record := self._record(row)):
                    if len(found) == limit:
                        return found, last
                    found.append(record)
                    last = number
        return found, None

    def unfinished(self) -> Sequence[JobRecord]:
        """See `Store.unfinished`."""
        query = f"{_WITHOUT} WHERE ended_at IS NULL ORDER BY jobs.number"
        return [self._record(row) for row in self._db.execute(query)]

    def ended(self, limit: int, before: datetime | None, operations: Collection[str] | None) -> Sequence[PrunedJob]:
        """See `Store.ended`."""
        where, given = "", list[Any]()
        if before is not None:
            where, given = "AND ended_at <= ?", [microseconds(before)]
        if operations is not None:
            where = f"{where} AND operation IN ({', '.join('?' * len(operations))})"
            given += operations
        found = []
        for job_id, at, head, crc, operation, size in self._db.execute(_ENDED.format(where=where), (*given, limit)):
            self._check(job_id, "record", head_crc(job_id, at, head) == crc)
            found.append(PrunedJob(id=job_id, operation=operation, ended_at=moment(at), size=size))
        return found

    def size(self) -> int:
        """See `Store.size`."""
        pages = self._db.pragma("page_count") - self._db.pragma("freelist_count")
        return int(pages * self._db.pragma("page_size"))

    def read(self, job_id: str, after: int, limit: int) -> Sequence[Event]:
        """See `Store.read`."""
        for number, ended_at in self._db.execute("SELECT number, ended_at FROM jobs WHERE id = ?", (job_id,)):
            found, event = list[Event](), None
            for event in self._events(number, job_id, after):
                if event.seq > after:
                    found.append(event)
                if len(found) == limit:
                    return found
            self._check(job_id, "log", event is not None and (ended_at is None or isinstance(event, EndEvent)))
            return found
        return []

    def _events(self, number: int, job_id: str, after: int) -> Iterator[Event]:
        """The events of a log from the chunk on that has the one after number `after`."""
        query = """
            SELECT * FROM chunks WHERE place < ? AND place >=
                COALESCE((SELECT MAX(place) FROM chunks WHERE place <= ? AND place >= ?), ?)
            ORDER BY place
        """
        start, end = place_of(number, 0), place_of(number + 1, 0)
        expected: int | None = None
        for row in self._db.execute(query, (end, place_of(number, after + 1), start, start)):
            first = row[0] - start
            if not is_whole(row) or (first > after + 1 if expected is None else first != expected):
                raise failures.damaged(self._path, f"the log of {job_id} near event {first}")
            expected = first + row[3]
            try:
                yield from decode(row[6], job_id, Place(first, row[1], row[2]), lambda: self._result(number, job_id))
            except BadFrame as error:
                raise failures.damaged(self._path, str(error)) from error

    def _result(self, number: int, job_id: str) -> Mapping[str, Any]:
        for body, crc in self._db.execute("SELECT body, crc FROM results WHERE number = ?", (number,)):
            self._check(job_id, "result", ids_crc(number, zlib.crc32(body)) == crc)
            found: Mapping[str, Any] = json.loads(body)
            return found
        raise failures.damaged(self._path, f"the result of {job_id} is not there")

    def _record(self, row: Sequence[Any]) -> JobRecord:
        number, job_id, ended_at, head, crc, request, request_crc, result, result_crc, *last = row
        self._check(job_id, "record", head_crc(job_id, ended_at, head) == crc)
        self._check(job_id, "request", request is not None and ids_crc(number, zlib.crc32(request)) == request_crc)
        self._check(job_id, "result", result is None or ids_crc(number, zlib.crc32(result)) == result_crc)
        self._check(job_id, "log", last[0] is not None and is_whole(tuple(last)))
        place, _, _, count, tokens, *_ = last
        return record_of(head, request, result, place - place_of(number, 0) + count - 1, tokens)

    def _check(self, job_id: str, what: str, whole: bool) -> None:
        if not whole:
            raise failures.damaged(self._path, f"the {what} of {job_id}")
