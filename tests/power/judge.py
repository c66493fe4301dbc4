"""What has to be true of a store that is opened after a power loss, and of the queen who takes it over."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import apsw

from queenlib.errors import QueenError, StreamReset
from queenlib.home import Home
from queenlib.messages.events import EndEvent, Event
from queenlib.messages.job import JobRecord
from queenlib.messages.state import State
from queenlib.registry.fold import fold
from queenlib.registry.sqlite.store import Durability, SqliteStore
from queenlib.registry.store import Store
from queenlib.router import Router
from queenlib.state import QueenState
from queenlib.world import World
from tests.power.diary import Diary

LONGEST_S = 60.0
"""Seconds in which a queen has taken over and every job has ended; it takes a small part of one."""
ALL = 10**6
"""Events of a log: all of them."""


@dataclass(repr=False)
class Found:
    """What one image was found to have, and what is wrong with it."""

    violations: list[str] = field(default_factory=list)
    records: dict[str, JobRecord] = field(default_factory=dict)
    logs: dict[str, list[Event]] = field(default_factory=dict)
    checked: int = 0
    """Acknowledgements that were looked up."""
    lost: int = 0
    """Events with pieces of answers that a reader had seen, and that are gone."""
    resets: int = 0
    """Readers who were told so."""

    def blame(self, *what: str) -> None:
        """These do not hold."""
        self.violations.extend(what)


async def judge(folder: Path, diary: Diary, moment: int, durability: Durability, chance: random.Random) -> Found:
    """Open what is left in a folder, look at all of it, and let a queen take it over."""
    found, home = Found(), Home.open(folder)
    try:
        store = SqliteStore.open(home.store, World(), durability=durability)
    except QueenError as error:
        found.blame(f"it does not open: {error}")
        return found
    state = QueenState.open(home, store=store)
    try:
        async with asyncio.timeout(LONGEST_S):
            found.blame(*_whole(home.store))
            await _look(store, found)
            found.blame(*_true(found, diary), *_kept(found, diary, moment, durability))
            router = await Router.begin(state)
            await _taken_over(router, store.epoch, found)
            await _read_on(router, found, diary, moment, chance)
            await _keys(router, found, diary, moment)
            await _all_ended(store, found, diary)
    except (QueenError, TimeoutError) as error:
        found.blame(f"{type(error).__name__}: {error}")
    finally:
        await state.close()
    return found


def _whole(path: Path) -> Iterator[str]:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        said = connection.pragma("integrity_check")
    finally:
        connection.close()
    if said != "ok":
        yield f"the integrity check says {said}"


async def _look(store: Store, found: Found) -> None:
    cursor: str | None = None
    while True:
        page = await store.page(1000, cursor)
        for job in page.jobs:
            record = await store.get(job.id)
            assert record is not None
            found.records[job.id], found.logs[job.id] = record, list(await store.read(job.id, 0, ALL))
        if (cursor := page.next) is None:
            return


def _true(found: Found, diary: Diary) -> Iterator[str]:
    """Whether all that is there is what was written, and each job is the fold of its log."""
    for job_id, log in found.logs.items():
        if (first := diary.first.get(job_id)) is None:
            yield f"{job_id} is there, and was never created"
            continue
        written = [event.line for event in diary.written[job_id][: len(log)]]
        if [event.line for event in log] != written:
            yield f"{job_id} has {len(log)} events that are not those that were written"
        else:
            yield from _folds(first, found.records[job_id], log)


def _folds(first: JobRecord, record: JobRecord, log: list[Event]) -> Iterator[str]:
    """Whether a log is dense from 1, has at most one end, which is last, and makes its record."""
    if [event.seq for event in log] != list(range(1, len(log) + 1)):
        yield f"{record.id} has a log with holes"
        return
    ends = [event.seq for event in log if isinstance(event, EndEvent)]
    if ends not in ([], [len(log)]):
        yield f"{record.id} has {len(log)} events, and ends with {ends}"
        return
    folded = first
    for event in log[first.last_seq :]:
        folded = fold(folded, event)
    if folded != record:
        yield f"{record.id} is not the fold of its log"


def _kept(found: Found, diary: Diary, moment: int, durability: Durability) -> Iterator[str]:
    """Whether all is there that was acknowledged, and nothing that was removed."""
    for ack in diary.until(moment):
        has = len(found.logs.get(ack.job_id, ()))
        if ack.sure or durability == "full":
            found.checked += 1
            if has < ack.seq:
                yield f"{ack.job_id} has {has} events; event {ack.seq} was acknowledged ({ack.what}) at moment {ack.at}"
        elif has < ack.seq and ack.what == "seen":
            found.lost += 1
    for job_id, at in diary.deleted.items():
        if at <= moment:
            found.checked += 1
            if job_id in found.logs:
                yield f"{job_id} came back; it was gone at moment {at}"


async def _taken_over(router: Router, epoch: int, found: Found) -> None:
    """Whether each job that had begun tells its readers that another queen has taken it over."""
    for job_id, before in found.records.items():
        if before.state.ended or before.state is State.QUEUED:
            continue
        record = await router.get_job(job_id)
        if (record.epoch, record.epoch_seq) != (epoch, before.last_seq + 1):
            found.blame(f"{job_id} was {before.state} at event {before.last_seq}; its epoch began with {record.epoch_seq}")


async def _read_on(router: Router, found: Found, diary: Diary, moment: int, chance: random.Random) -> None:
    """Whether readers go on where they were, and those who had seen what is gone are told so."""
    cursors = _cursors(diary, moment)
    for job_id, log in found.logs.items():
        record, seen = found.records[job_id], cursors.get(job_id, 0)
        if seen > len(log):
            await _reset(router, record, seen, found)
        for after in {min(seen, len(log)), 0 if record.state.ended else chance.randint(0, len(log))}:
            events = cast("AsyncGenerator[Event]", await router.execute_job(job_id, after, record.epoch))
            async with aclosing(events):
                got = [event async for event in events]
            if [event.seq for event in got] != list(range(after + 1, after + 1 + len(got))):
                found.blame(f"{job_id} read on from {after} has holes")
            if [event.line for event in got[: len(log) - after]] != [event.line for event in log[after:]]:
                found.blame(f"{job_id} read on from {after} is not its log")
            if not (isinstance(got[-1], EndEvent) if got else record.state.ended):
                found.blame(f"{job_id} read on from {after} has no end")


def _cursors(diary: Diary, moment: int) -> Mapping[str, int]:
    """The last event of each job that a reader had seen."""
    cursors: dict[str, int] = {}
    for ack in diary.until(moment):
        if ack.what == "seen":
            cursors[ack.job_id] = max(ack.seq, cursors.get(ack.job_id, 0))
    return cursors


async def _reset(router: Router, record: JobRecord, seen: int, found: Found) -> None:
    try:
        await router.execute_job(record.id, seen, record.epoch)
    except StreamReset as reset:
        found.resets += 1
        if reset.last_seq != record.last_seq:
            found.blame(f"{record.id} has {record.last_seq} events, and its reader was told {reset.last_seq}")
    else:
        found.blame(f"{record.id} has {record.last_seq} events, and a reader who had seen {seen} was not told")


async def _keys(router: Router, found: Found, diary: Diary, moment: int) -> None:
    """Whether a key still names the job that was created under it."""
    for keyed in diary.keyed:
        if keyed.at <= moment and diary.deleting.get(keyed.job_id, moment + 1) > moment:
            found.checked += 1
            ticket = await router.create_job(keyed.operation, terms=keyed.terms)
            if ticket.job_id != keyed.job_id:
                found.blame(f"{keyed.terms.key} is {ticket.job_id}; it was {keyed.job_id} at moment {keyed.at}")


async def _all_ended(store: Store, found: Found, diary: Diary) -> None:
    """Whether every job that was found at work has ended by now, and its log has gone on from where it was."""
    for job_id, log in found.logs.items():
        if found.records[job_id].state.ended:
            continue
        record, now = await store.get(job_id), list(await store.read(job_id, 0, ALL))
        assert record is not None
        if not record.state.ended:
            found.blame(f"{job_id} is {record.state} after a queen has taken over")
        if [event.line for event in now[: len(log)]] != [event.line for event in log]:
            found.blame(f"{job_id} has another past after a queen has taken over")
        if job_id in diary.first:
            found.blame(*_folds(diary.first[job_id], record, now))
