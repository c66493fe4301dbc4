"""What is written, inside a transaction: new jobs, more of a log, the end of a job, and its removal."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import apsw

from queenlib.messages.events import AttemptEvent, EndEvent, Event, ResultEvent, StateEvent
from queenlib.messages.job import JobRecord
from queenlib.registry.sqlite import facets, failures
from queenlib.registry.sqlite.chunk import SEQ_BITS, Chunk, Row, extend, is_whole, place_of
from queenlib.registry.sqlite.frames import Place, decode, microseconds
from queenlib.registry.sqlite.rows import head_crc, head_of, ids_crc, json_of
from queenlib.registry.store import NOTHING, answers_in, does_not_follow, id_taken, key_conflict, not_ended, stale

TURNS = (StateEvent, AttemptEvent, EndEvent)
"""Events that change more of a record than its counts, which the log itself tells."""


class Ledger:
    """The database, as its one writer sees it. Used on the writer's thread, each verb inside a transaction.

    Args:
        connection: The writer's.
        epoch: Which opening of the database this is.
    """

    def __init__(self, connection: apsw.Connection, epoch: int) -> None:
        self._db, self._epoch = connection, epoch
        self._last: dict[str, Chunk] = {}
        self._changed: dict[str, Chunk | None] = {}
        self.newest: tuple[int, int] | None = None
        """What was written last in this transaction, as the mark names it: job and event, or 0 and the count of removals."""
        self.removed = False
        """Whether this transaction removes jobs."""

    def check_epoch(self) -> None:
        """Raise if somebody else has opened the database since.

        Raises:
            StaleEpoch: Somebody has; nothing may be written.
        """
        ((newest,),) = self._db.execute("SELECT epoch FROM meta")
        if newest != self._epoch:
            raise stale(self._epoch, newest)

    def create(self, record: JobRecord, events: Sequence[Event], digest: str, beside: Mapping[str, Any] = NOTHING) -> str:
        """See `Store.create`."""
        key, head = record.terms.key, head_of(record)
        crc = head_crc(record.id, None, head)
        try:
            self._db.execute(
                "INSERT INTO jobs (id, key, digest, operation, head, crc) VALUES (?, ?, ?, ?, ?, ?)",
                (record.id, key, digest, record.operation, head, crc),
            )
        except apsw.ConstraintError:
            return self._other(record.id, key, digest)
        number = self._db.last_insert_rowid()
        self._put("requests", number, json_of(record.request))
        if beside:
            body = zlib.compress(json_of(beside), 1)
            self._db.execute("INSERT INTO besides VALUES (?, ?, ?)", (number, ids_crc(number, zlib.crc32(body)), body))
        self._write_log(record.id, extend(None, number, events))
        return record.id

    def append(self, record: JobRecord, events: Sequence[Event]) -> None:
        """See `Store.append`."""
        last = self._last_chunk(record.id)
        if last is None or events[0].seq != last.last_seq + 1:
            raise does_not_follow(record.id, events[0].seq, last.last_seq if last else 0)
        self._write_log(record.id, extend(last, last.number, events))
        if any(isinstance(event, TURNS) for event in events):
            head, ended_at = head_of(record), microseconds(record.ended_at) if record.ended_at else None
            self._db.execute(
                "UPDATE jobs SET head = ?, ended_at = ?, crc = ? WHERE number = ?",
                (head, ended_at, head_crc(record.id, ended_at, head), last.number),
            )
        rows = [(row.data.key, last.number, row.seq) for row in answers_in(events)]
        self._db.executemany("INSERT INTO answers VALUES (?, ?, ?)", rows)
        for event in events:
            if isinstance(event, ResultEvent):
                self._put("results", last.number, json_of(event.data.result))
        if record.state.ended:
            facets.put(self._db, last.number, record)
            self._changed[record.id] = None

    def delete(self, job_ids: Sequence[str]) -> None:
        """See `Store.delete`."""
        numbers = list[int]()
        for job_id in job_ids:
            for number, ended_at in self._db.execute("SELECT number, ended_at FROM jobs WHERE id = ?", (job_id,)):
                if ended_at is None:
                    raise not_ended(job_id)
                numbers.append(number)
        self.removed = self.removed or bool(numbers)
        if numbers and (self.newest is None or self.newest[0] in numbers):
            self._db.execute("UPDATE meta SET removals = removals + 1")
            self.newest = 0, int(self._db.execute("SELECT removals FROM meta").get)
        for number in numbers:
            facets.remove(self._db, number)
            for table in ("jobs", "requests", "besides", "results", "answers"):
                self._db.execute(f"DELETE FROM {table} WHERE number = ?", (number,))  # noqa: S608 - one of five words
            span = place_of(number, 0), place_of(number + 1, 0)
            self._db.execute("DELETE FROM chunks WHERE place >= ? AND place < ?", span)

    def committed(self) -> None:
        """What was written is kept."""
        for job_id, chunk in self._changed.items():
            if chunk is None:
                self._last.pop(job_id, None)
            else:
                self._last[job_id] = chunk
        self._begin()

    def rolled_back(self) -> None:
        """Nothing was written after all."""
        self._begin()

    def _begin(self) -> None:
        self._changed.clear()
        self.newest, self.removed = None, False

    def _other(self, job_id: str, key: str | None, digest: str) -> str:
        """What is there already: the job that has this key."""
        for other, its_digest in self._db.execute("SELECT id, digest FROM jobs WHERE key = ?", (key,)):
            if its_digest == digest:
                return str(other)
            raise key_conflict(str(key), other)
        raise id_taken(job_id)

    def _put(self, table: str, number: int, body: bytes) -> None:
        row = number, body, ids_crc(number, zlib.crc32(body))
        self._db.execute(f"INSERT INTO {table} VALUES (?, ?, ?)", row)  # noqa: S608 - one of two words

    def _write_log(self, job_id: str, chunks: Sequence[Chunk]) -> None:
        self._db.executemany("REPLACE INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?)", [chunk.row() for chunk in chunks])
        self._changed[job_id] = chunks[-1]
        self.newest = chunks[-1].number, chunks[-1].last_seq

    def _last_chunk(self, job_id: str) -> Chunk | None:
        if job_id in self._changed:
            return self._changed[job_id]
        if job_id in self._last:
            return self._last[job_id]
        for (number,) in self._db.execute("SELECT number FROM jobs WHERE id = ? AND ended_at IS NULL", (job_id,)):
            for row in self._db.execute(
                "SELECT * FROM chunks WHERE place >= ? AND place < ? ORDER BY place DESC LIMIT 1",
                (place_of(number, 0), place_of(number + 1, 0)),
            ):
                if not is_whole(row):  # it is written anew with a new CRC: what is wrong with it would never be found
                    raise failures.damaged(Path(self._db.filename), f"the log of {job_id}")
                return read_chunk(row)
        return None


def read_chunk(row: Row) -> Chunk:
    """A chunk from its row, ready for more events."""
    key, at, before, count, tokens, _, body = row
    number, first = key >> SEQ_BITS, key & (1 << SEQ_BITS) - 1
    place = Place(first, at, before)
    for _ in decode(body, "", place, dict):
        pass
    return Chunk(number, first, at, before, count, tokens, place.at, zlib.crc32(body), body)
