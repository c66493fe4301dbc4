"""What a damaged database still says: its rows that are whole, and the jobs that they make."""

from __future__ import annotations

import json
import zlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from queenlib.errors import IllegalTransition
from queenlib.messages.events import Event, StateEvent
from queenlib.messages.job import JobRecord
from queenlib.messages.state import State
from queenlib.registry.fold import fold
from queenlib.registry.sqlite import chunk
from queenlib.registry.sqlite.chunk import SEQ_BITS, is_whole
from queenlib.registry.sqlite.frames import BadFrame, Place, decode
from queenlib.registry.sqlite.pages import Pages, Row
from queenlib.registry.sqlite.rows import head_crc, ids_crc, record_of


@dataclass(frozen=True)
class Salvaged:
    """A job, as far as it can be read."""

    record: JobRecord
    """What its events fold to."""
    events: tuple[Event, ...]
    """The good prefix of its log."""
    first: JobRecord
    """What the first of them folds to."""
    digest: str
    beside: Mapping[str, Any]
    """What of its request was kept beside its record."""
    whole: bool
    """Whether this is all of it, as far as one can see."""


@dataclass
class Wreck:
    """The rows of a damaged database, by the numbers of the jobs. It holds all of them in memory."""

    jobs: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    """Those of `jobs`, whole."""
    names: dict[int, str] = field(default_factory=dict)
    """What jobs are called whose row in `jobs` is not whole, where it says it twice: a name may be damaged too."""
    bodies: defaultdict[int, set[bytes]] = field(default_factory=lambda: defaultdict(set))
    """Requests and results: which is which is told by what they say."""
    besides: dict[int, bytes] = field(default_factory=dict)
    """What of requests was kept beside the records."""
    chunks: defaultdict[int, dict[int, chunk.Row]] = field(default_factory=lambda: defaultdict(dict))
    """The rows of each log, by their first event."""
    epoch: int = 0
    """The highest that is spoken of."""
    lost: bool = False
    """Whether there are rows that cannot be read."""

    @classmethod
    def read(cls, path: Path) -> Wreck:
        """All that is whole in the file at `path` and in the `-wal` beside it."""
        wreck, pages, old = cls(), Pages(path), list[Row]()
        for number in pages.numbers():
            newest, *older = pages.versions(number)
            found = pages.rows(number, newest)
            taken = [wreck._take(row) for row in found.rows]
            if not (found.whole and all(taken)):
                wreck.lost = True  # but what is old may be of use
                old += found.beyond
                for page in older:
                    found = pages.rows(number, page)
                    old += found.rows + found.beyond
        for row in old:  # after all that is new, on whatever page
            wreck._take(row)
        return wreck

    @property
    def numbers(self) -> list[int]:
        """The numbers of all jobs that anything is there of, oldest first."""
        return sorted({*self.jobs, *self.names, *self.bodies, *self.chunks})

    def name(self, number: int) -> str:
        """What to call a job that cannot be read."""
        return str(self.jobs[number][0]) if number in self.jobs else self.names.get(number, f"number {number}")

    def job(self, number: int) -> Salvaged | None:
        """A job, as far as it can be read; `None` if not even its record, its request and its first event can."""
        if number not in self.jobs:
            return None
        job_id, _, digest, operation, _, head, _ = self.jobs[number]
        bodies = {body: json.loads(body) for body in self.bodies[number]}
        request = next((body for body, said in bodies.items() if said.get("operation") == operation), None)
        result = next((body for body in bodies if body != request), None)
        if request is None:
            return None
        events, cut = self._events(number, job_id, None if result is None else bodies[result])
        try:
            head_record = record_of(head, request, result, max(1, len(events)), 0)
        except ValidationError:
            return None
        beside = json.loads(zlib.decompress(self.besides[number])) if number in self.besides else {}
        return _job(head_record, events, digest, beside, cut=cut)

    def _events(self, number: int, job_id: str, result: Mapping[str, Any] | None) -> tuple[list[Event], bool]:
        """The good prefix of a log, and whether there is more of it."""
        events = list[Event]()
        for first, row in sorted(self.chunks[number].items()):
            if first != len(events) + 1:
                return events, True
            try:
                events.extend(decode(row[6], job_id, Place(first, row[1], row[2]), lambda: _there(result)))
            except (BadFrame, ValidationError):
                return events, True
        return events, False

    def _take(self, row: Row) -> bool:
        """Note a row, if it is one of ours; whether it is whole. What is there already is newer."""
        number, columns = row
        match columns:
            case (None, str(), None | str(), str(), str(), None | int(), bytes(), int()):
                return self._take_job(number, columns[1:])
            case (None, bytes() as body, int() as crc):
                if ids_crc(number, zlib.crc32(body)) != crc:
                    return False
                self.bodies[number].add(body)
            case (None, int() as crc, bytes() as body):
                if ids_crc(number, zlib.crc32(body)) != crc:
                    return False
                self.besides.setdefault(number, body)
            case (None, int(), int(), int(), int(), int(), bytes()):
                found = cast("chunk.Row", (number, *columns[1:]))
                if not is_whole(found):
                    return False
                self.chunks[number >> SEQ_BITS].setdefault(number & (1 << SEQ_BITS) - 1, found)
            case (str(), int() as epoch, int()):
                self.epoch = max(self.epoch, epoch)
        return True

    def _take_job(self, number: int, row: tuple[Any, ...]) -> bool:
        job_id, _, _, _, ended_at, head, crc = row
        if head_crc(job_id, ended_at, head) != crc:
            if b'"id":"%s"' % job_id.encode() in head:
                self.names.setdefault(number, job_id)
            return False
        self.jobs.setdefault(number, row)
        self.epoch = max(self.epoch, json.loads(head).get("epoch", 0))
        return True


def _there(result: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if result is None:
        raise KeyError("result")
    return result


def _job(head: JobRecord, events: list[Event], digest: str, beside: Mapping[str, Any], *, cut: bool) -> Salvaged | None:
    """A job from its record, as it was kept, and the events that are left of its log."""
    if not events or not isinstance(events[0], StateEvent) or events[0].data.state is not State.QUEUED:
        return None
    first = record = _begin(head, events[0])
    kept = 1
    for event in events[1:]:
        try:
            record = fold(record, event)
        except (IllegalTransition, AssertionError):
            cut = True
            break
        kept += 1
    same = head.model_copy(update={"last_seq": record.last_seq, "tokens": record.tokens}) == record
    return Salvaged(record, tuple(events[:kept]), first, digest, beside, whole=same and not cut)


def _begin(head: JobRecord, event: StateEvent) -> JobRecord:
    """A job as it was when it was new, from what it has become."""
    return JobRecord(
        id=head.id,
        operation=head.operation,
        request=head.request,
        state=State.QUEUED,
        since=event.at,
        created_at=event.at,
        last_seq=1,
        terms=head.terms,
        epoch=head.epoch if head.epoch_seq == 1 else 0,
    )
