"""Salvage: what can be read of a damaged store goes into a new one; the old files are kept as they are."""

from __future__ import annotations

import asyncio
import math
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import apsw

from queenlib.errors import Conflict, JobLost, StoreUnusable
from queenlib.messages.events import EndData, EndEvent, Problem
from queenlib.messages.state import State
from queenlib.registry.fold import fold
from queenlib.registry.sqlite import failures
from queenlib.registry.sqlite.checks import SALVAGED, check_form, check_head, check_mark, check_whole, check_whose, is_empty
from queenlib.registry.sqlite.connection import close, open_reader
from queenlib.registry.sqlite.mark import Mark, Marked
from queenlib.registry.sqlite.opening import open_database, sync_folder, take_lock
from queenlib.registry.sqlite.schema import MIGRATIONS, VERSION
from queenlib.registry.sqlite.store import SqliteStore
from queenlib.registry.sqlite.wreck import Salvaged, Wreck
from queenlib.world import World

REASON = "store_damaged"
"""The reason of the end of a job that was cut off."""
AT_ONCE = 500
"""Jobs that are written at once."""
_MENDED = frozenset({"damaged", "behind", "foreign"})


@dataclass(frozen=True)
class Report:
    """What came of it."""

    path: Path
    fault: str
    """What was wrong with the store; empty if nothing was, and then nothing was changed."""
    whole: int = 0
    """Jobs that are as they were."""
    cut: Mapping[str, int] = field(default_factory=dict)
    """Jobs that have ended as lost: their ids, and how many of their events were kept."""
    unreadable: Sequence[str] = ()
    """Jobs that could not be read: their ids, or numbers where not even those could."""
    kept: Sequence[Path] = ()
    """The old files."""

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        if not self.fault:
            yield f"Nothing is wrong with {self.path}: {_jobs(self.whole, 'is', 'are')} whole. Nothing was changed."
            return
        yield self.fault
        yield f"{_jobs(self.whole, 'is', 'are')} whole."
        if self.cut:
            yield f"{_jobs(len(self.cut), 'was', 'were')} cut off, and ended as lost:"
            yield from (f"  {job_id}  {count:,} events kept" for job_id, count in self.cut.items())
        if self.unreadable:
            yield f"{_jobs(len(self.unreadable), 'was', 'were')} not readable:"
            yield from (f"  {name}" for name in self.unreadable)
        yield "The old files are kept:"
        yield from (f"  {path}" for path in self.kept)


def _jobs(count: int, one: str, more: str) -> str:
    return f"{count:,} job {one}" if count == 1 else f"{count:,} jobs {more}"


def salvage(path: Path, world: World) -> Report:
    """Bring what can be read of the store at `path` into a new one in its place, unless nothing is wrong with it.

    A job whose record, request and first event can be read is kept with the good prefix of its log. Where that has no `end`,
    it gets one that says that it is lost; also where it had not ended, since nobody can say how far it had come, and it may
    not be done twice. This runs an event loop of its own.

    Raises:
        HomeTaken: A queen has it.
        StoreUnusable: A later version of queenlib made it, or nothing can be written there.
        StoreFull: There is no room for the new store; nothing was changed.
    """
    lock = take_lock(path)
    try:
        with failures.told(path):
            return _salvage(path, world)
    finally:
        lock.release()


def _salvage(path: Path, world: World) -> Report:
    ready = path.with_name(path.name + SALVAGED)
    if ready.exists():
        return Report(path, "A salvage that was broken off is done now: look at the jobs.", kept=_swap(ready, path, world))
    fault, wreck, marked = _fault(path), Wreck.read(path), Mark(path.with_suffix(".mark")).read()
    if marked is not None and marked.number and marked.number not in wreck.numbers:
        wreck.names[marked.number] = f"number {marked.number}"
    jobs = {number: _unless_behind(wreck.job(number), number, marked) for number in wreck.numbers}
    if not fault and not wreck.lost and all(job is not None and job.whole for job in jobs.values()):
        return Report(path, "", len(jobs))
    unreadable = [wreck.name(number) for number, job in jobs.items() if job is None]
    cut, refused = _write(ready, [job for job in jobs.values() if job is not None], wreck.epoch, world)
    unreadable += refused
    count = len(jobs) - len(cut) - len(unreadable)
    return Report(path, fault or f"{path} is damaged.", count, cut, unreadable, _swap(ready, path, world))


def _fault(path: Path) -> str:
    """What is wrong with the database as such; empty if nothing is. Not a byte is changed for that, nor of its `-shm`."""
    try:
        check_head(path)
        if not path.exists() or not path.stat().st_size:
            return ""
        connection = open_reader(path)
        try:
            connection.pragma("locking_mode", "exclusive")  # without shared memory
            with failures.told(path, connection):
                if not is_empty(connection):
                    _check(path, connection)
        finally:
            close(connection, path)
    except StoreUnusable as error:
        if error.fault not in _MENDED:
            raise
        return error.what
    return ""


def _check(path: Path, connection: apsw.Connection) -> None:
    version = connection.pragma("user_version")
    check_whose(path, connection.pragma("application_id"), version, VERSION)
    check_form(path, connection, MIGRATIONS[:version])
    check_whole(path, connection, math.inf)
    check_mark(path, connection, Mark(path.with_suffix(".mark")))


def _unless_behind(job: Salvaged | None, number: int, marked: Marked | None) -> Salvaged | None:
    """A job is not whole if more of it was shown than there is."""
    if job is None or marked is None or marked.number != number or marked.seq <= job.record.last_seq:
        return job
    return replace(job, whole=False)


def _write(ready: Path, jobs: Sequence[Salvaged], epoch: int, world: World) -> tuple[dict[str, int], list[str]]:
    """Write a new store with these jobs; which were cut, and which did not fit in, by their ids."""
    draft = ready.with_suffix(".draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    try:
        opened = open_database(draft / "jobs.db", world)
        opened.connection.execute("UPDATE meta SET epoch = ?", (epoch,))
        opened.close()
        refused = asyncio.run(_fill(draft / "jobs.db", jobs, world))
        (draft / "jobs.db").rename(ready)
        sync_folder(ready.parent)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    ended = [job for job in jobs if not job.record.state.ended and job.record.id not in refused]
    cut = {job.record.id: len(job.events) for job in ended}
    return cut, refused


async def _fill(path: Path, jobs: Sequence[Salvaged], world: World) -> list[str]:
    store = SqliteStore.open(path, world)
    refused = list[str]()
    try:
        for start in range(0, len(jobs), AT_ONCE):
            part = jobs[start : start + AT_ONCE]
            done = await asyncio.gather(*(_keep(store, job, world) for job in part))
            refused += [job.record.id for job, kept in zip(part, done, strict=True) if not kept]
    finally:
        await store.close()
    return refused


async def _keep(store: SqliteStore, job: Salvaged, world: World) -> bool:
    """Keep a job; `False` if there is one of its id or its key already."""
    try:
        if await store.create(job.first, job.events[:1], job.digest, job.beside) != job.record.id:
            return False
    except Conflict:
        return False
    record, events = job.record, list(job.events[1:])
    if not record.state.ended:
        end = _lost(job, store.epoch, world)
        record, events = fold(record, end), [*events, end]
    if events:
        await store.append(record, events)
    return True


def _lost(job: Salvaged, epoch: int, world: World) -> EndEvent:
    job_id, count = job.record.id, len(job.events)
    error = JobLost(
        f"{job_id} was cut off after event {count:,}: the store was damaged.",
        why="What came after that could not be read any more.",
        state=f"{count:,} events of it are in its log; the damaged files are kept beside the store.",
        next=f"Look at it: jobs.attach({job_id!r}). Run it again: jobs.rerun({job_id!r})",
    )
    problem = Problem.model_validate(error.about_job(job_id).problem())
    data = EndData(state=State.LOST, reason=REASON, error=problem, epoch=epoch)
    return EndEvent(job_id=job_id, seq=count + 1, at=world.now(), data=data)


def _swap(ready: Path, path: Path, world: World) -> list[Path]:
    """Put the new store in the place of the old, whose files get names of their own.

    Where this is broken off, `ready` is still there: until it is done, nobody can open the store.
    """
    stem = f"{path.name}.damaged-{world.now():%Y%m%dT%H%M%SZ}"
    while list(path.parent.glob(f"{stem}*")):
        stem += "-again"
    new = path.with_name(stem)
    old = {path.with_name(f"{path.name}{each}"): each for each in ("-wal", "-shm", "-journal")}
    kept = list[Path]()
    for each, suffix in {**old, path.with_suffix(".mark"): ".mark", path: ""}.items():
        if each.exists():
            kept.append(each.rename(new.with_name(new.name + suffix)))
    sync_folder(path.parent)
    ready.replace(path)
    sync_folder(path.parent)
    return sorted(kept)
