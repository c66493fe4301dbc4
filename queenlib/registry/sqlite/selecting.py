"""Which jobs a filter may mean, newest first: by their numbers, as the database's indexes tell them.

They are candidates: whoever takes one looks at the job itself, and asks the filter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from heapq import merge
from typing import Any

import apsw

from queenlib.messages.filter import READS, Aspect, JobFilter
from queenlib.registry.sqlite.facets import facet
from queenlib.registry.sqlite.frames import microseconds

FEW = 1_000
"""So many jobs of one facet are counted, to see which is the rarest."""
MOST = 2**62
"""Above every number of a job, and after every time."""

_ENDED = """
    SELECT a.number FROM {table} AS a
    WHERE {own} a.number < ? AND a.number >= ? AND a.number <= ? {also} ORDER BY a.number DESC
"""
_HAS = "AND EXISTS (SELECT 1 FROM facets WHERE facet IN ({}) AND number = a.number)"
_CREATED = "AND EXISTS (SELECT 1 FROM dates WHERE number = a.number AND created_at >= ? AND created_at < ?)"
_ENDS = "AND EXISTS (SELECT 1 FROM jobs WHERE number = a.number AND ended_at >= ? AND ended_at < ?)"
_DEEDS = "AND NOT EXISTS (SELECT 1 FROM jobs WHERE number = a.number AND operation IN ({}))"


def candidates(db: apsw.Connection, wanted: JobFilter, before: int) -> Iterator[int]:
    """The numbers below `before` of jobs that a filter may mean, the greatest first."""
    unfinished, ended = lanes(wanted)
    return merge(
        _unfinished(db, before) if unfinished else (),
        _ended(db, wanted, before) if ended else (),
        reverse=True,
    )


def lanes(wanted: JobFilter) -> tuple[bool, bool]:
    """Whether a filter can mean jobs that have not ended, and whether such as have."""
    states = [state.ended for state in wanted.state]
    return not wanted.ends and not (states and all(states)), not states or any(states)


def _unfinished(db: apsw.Connection, before: int) -> Iterator[int]:
    query = "SELECT number FROM jobs WHERE ended_at IS NULL AND number < ? ORDER BY number DESC"
    return (int(str(number)) for (number,) in db.execute(query, (before,)))


def _ended(db: apsw.Connection, wanted: JobFilter, before: int) -> Iterator[int]:
    """The rarest facet leads, and the others are looked up for each of its jobs; without any, all jobs are looked at."""
    least, greatest = _bounds(db, wanted)
    groups = sorted((_facets(group, wanted) for group in wanted.groups()), key=lambda group: _count(db, group))
    also, given = list[str](), list[Any]()
    for group in groups[1:]:
        also.append(_HAS.format(", ".join("?" * len(group))))
        given += group
    if wanted.created_after is not None or wanted.created_before is not None:
        also.append(_CREATED)
        given += _span(wanted.created_after, wanted.created_before)
    if wanted.ends:
        also.append(_ENDS)
        given += _span(wanted.ended_after, wanted.ended_before)
    if not wanted.reads:
        also.append(_DEEDS.format(", ".join("?" * len(READS))))
        given += sorted(READS)
    own = "a.facet = ? AND" if groups else ""
    query = _ENDED.format(table="facets" if groups else "dates", own=own, also=" ".join(also))
    leaders = [[each] for each in groups[0]] if groups else [[]]
    found = (db.execute(query, (*leader, before, least, greatest, *given)) for leader in leaders)
    return merge(*((int(str(number)) for (number,) in rows) for rows in found), reverse=True)


def _facets(group: Iterable[Aspect], wanted: JobFilter) -> Sequence[int]:
    """The facets of one group; states in which no job has ended are not among them."""
    live = {str(state) for state in wanted.state if not state.ended}
    return sorted({facet(aspect) for aspect in group if aspect[0] != "state" or aspect[1] not in live})


def _count(db: apsw.Connection, group: Sequence[int]) -> int:
    query = "SELECT COUNT(*) FROM (SELECT 1 FROM facets WHERE facet = ? LIMIT ?)"
    return sum(int(db.execute(query, (each, FEW)).get) for each in group)


def _bounds(db: apsw.Connection, wanted: JobFilter) -> tuple[int, int]:
    """Between which numbers jobs of the filter's times are."""
    least, greatest = 0, MOST
    spans = {
        "SELECT MIN(number), MAX(number) FROM dates WHERE created_at >= ? AND created_at < ?": (
            wanted.created_after,
            wanted.created_before,
        ),
        "SELECT MIN(number), MAX(number) FROM jobs WHERE ended_at >= ? AND ended_at < ?": (
            wanted.ended_after,
            wanted.ended_before,
        ),
    }
    for query, (after, early) in spans.items():
        if after is not None or early is not None:
            ((first, last),) = db.execute(query, _span(after, early)).fetchall()
            least, greatest = (1, 0) if first is None else (max(least, int(str(first))), min(greatest, int(str(last))))
    return least, greatest


def _span(after: datetime | None, before: datetime | None) -> tuple[int, int]:
    return -MOST if after is None else microseconds(after), MOST if before is None else microseconds(before)
