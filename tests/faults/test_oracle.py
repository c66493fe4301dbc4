"""The oracle finds whatever is broken, and nothing where all is well."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import apsw
import pytest

from queenlib.errors import StaleEpoch
from queenlib.hives.pids import Pid
from queenlib.messages.job import USUAL
from queenlib.messages.parse import parse_operation
from queenlib.messages.state import State
from queenlib.registry.log import JobLog
from queenlib.registry.sqlite.store import SqliteStore
from queenlib.world import World
from tests.faults.fates import fates
from tests.faults.history import Create, Listing, Log, Logged, ProcessTable, Seen, Told, Views
from tests.faults.made import (
    AGAIN,
    CUT,
    DONE,
    GONE,
    JOBS,
    LOOK,
    PRIVATE,
    QUEUED,
    RETRIED,
    RUNNING,
    TOKEN,
    WELL,
    Home,
    Step,
    asked,
    events,
    logged,
    saw,
)
from tests.faults.oracle import check_invariants


def record(job_id: str, **changes: Any) -> Callable[[], Home]:
    """One record says something else."""
    return lambda: WELL.with_job(job_id, lambda job: replace(job, record=job.record.model_copy(update=changes)))


def another(create: Create, *steps: Any) -> Callable[[], Home]:
    """One job has another log."""
    return lambda: WELL.with_job(str(create.job_id), lambda _: logged(create, *steps))


def raw_log(job_id: str, *steps: Any) -> Callable[[], Home]:
    """One job has another log, which its record knows nothing of."""
    return lambda: WELL.with_job(job_id, lambda job: replace(job, events=events(job_id, *steps)))


def holed(job: Logged) -> Logged:
    """A job without its second event."""
    return replace(job, events=(job.events[0], *job.events[2:]))


def seen(what: Seen) -> Callable[[], Home]:
    """Somebody saw this as well."""
    return lambda: WELL.with_views(seen=what)


def created(create: Create) -> Callable[[], Home]:
    """Somebody asked for this as well."""
    return lambda: WELL.with_views(creates=create)


ANEW: tuple[Step, ...] = ((102, *RUNNING[1:]), *DONE)
"""Work that begins under the next queen."""
LATE = replace(saw("job-cut", 1, 3), lines=((2, b"{}"),))
DOUBLED = replace(LOOK, job_id="job-retried")
UNENDED = Listing((("job-look", State.FAILED),), frozenset())

BREAKS: Sequence[tuple[str, str, Callable[[], Home]]] = [
    ("I1", "a log with a hole", lambda: WELL.with_job("job-cut", holed)),
    ("I1", "a record that counts more than there is", record("job-cut", last_seq=9)),
    ("I1", "an event seen twice", seen(replace(saw("job-cut", 1, 3, "eve"), after=2))),
    ("I1", "an event missed", seen(replace(saw("job-cut", 2, 4, "eve"), after=1))),
    (
        "I1",
        "a reader that skips",
        lambda: seen(saw("job-look", 0, 1, "bob"))().with_views(seen=saw("job-look", 2, 4, "bob")),
    ),
    ("I1", "an end told too early", seen(saw("job-retried", 0, 3, "eve", whole=True))),
    ("I2", "other bytes than the log's", seen(replace(LATE, reader="eve"))),
    ("I3", "two ends", raw_log("job-cut", QUEUED, RUNNING, GONE, GONE)),
    ("I3", "an end that is not last", raw_log("job-cut", QUEUED, RUNNING, GONE, TOKEN)),
    ("I3", "a record that is not the fold of its log", record("job-cut", state=State.FAILED)),
    ("I3", "a result that is not in the log", record("job-look", result={"text": "another"})),
    ("I3", "a step that is illegal", raw_log("job-look", QUEUED, (1, "state", {"state": "waiting"}), *DONE)),
    (
        "I4",
        "an event that is gone",
        seen(replace(saw("job-cut", 0, 4, "eve"), lines=tuple((n, b"{}") for n in range(1, 7)))),
    ),
    ("I4", "a job that is gone", lambda: WELL.with_job("job-look", lambda _: None)),
    ("I4", "a cursor that is refused", seen(replace(saw("job-cut", 4, 4, "eve"), refused="409 Conflict"))),
    ("I5", "an acknowledged job that is gone", created(asked("never"))),
    ("I5", "an acknowledged job that does something else", record("job-cut", request=JOBS["job-look"].record.request)),
    ("I5", "an acknowledged job with other terms", created(replace(CUT, retry=7))),
    ("I5", "an acknowledged job with another key", created(replace(CUT, key="key-of-another"))),
    (
        "I5",
        "a cancel that is undone",
        lambda: WELL.with_views(told=Told("cancel", JOBS["job-look"].record.model_copy(update={"state": State.CANCELLED}))),
    ),
    ("I6", "one key, two jobs", created(DOUBLED)),
    ("I6", "one key, two payloads", created(replace(LOOK, payload={"operation": "status"}))),
    ("I6", "a payload that its own key refuses", created(replace(LOOK, conflict=True))),
    ("I6", "two jobs that have one key", record("job-look", terms=JOBS["job-cancelled"].record.terms)),
    ("I6", "a second start in one attempt", lambda: WELL.with_start("prompt of cut")),
    ("I6", "a start of what is in no job", lambda: WELL.with_start("nobody asked this")),
    (
        "I6",
        "a start of what was refused",
        lambda: WELL.with_views(creates=asked("cancelled", key="key-l", prompt="x")).with_start("x"),
    ),
    ("I6", "a success without a start", lambda: replace(WELL, journal=())),
    ("I7", "a process that is left", lambda: replace(WELL, left=ProcessTable((Pid(4242, 1.0),)))),
    ("I7", "an address that is left", lambda: replace(WELL, left=ProcessTable(addresses=("http://127.0.0.1:1",)))),
    (
        "I8",
        "an epoch that goes back",
        another(RETRIED, QUEUED, RUNNING, AGAIN, (102, *RUNNING[1:]), (103, "end", {**GONE[2], "epoch": 1})),
    ),
    ("I8", "an epoch that is to come", lambda: replace(WELL, log=replace(WELL.log, epoch=1))),
    (
        "I8",
        "a job of a queen who was superseded",
        lambda: replace(WELL, views=replace(WELL.views, stale=frozenset({"job-look"}))),
    ),
    ("I10", "a job that does not end", another(LOOK, QUEUED, (105, *RUNNING[1:]))),
    ("I10", "a job that was streamed and waits again", another(replace(RETRIED, start="on_stream"), QUEUED, RUNNING, AGAIN)),
    ("I13", "a listing that lacks a job", lambda: WELL.with_views(listings=Listing((), frozenset({"job-cut"})))),
    (
        "I13",
        "a listing with a job twice",
        lambda: WELL.with_views(listings=Listing((("job-cut", State.LOST),) * 2, frozenset())),
    ),
    ("I13", "a listing with an end that is undone", lambda: WELL.with_views(listings=UNENDED)),
    ("I13", "a job that nobody asked for", lambda: replace(WELL, views=replace(WELL.views, creates=WELL.views.creates[1:]))),
    ("fate", "work that is cut off and silently goes on", another(CUT, QUEUED, RUNNING, TOKEN, (102, *TOKEN[1:]), *DONE)),
    ("fate", "work that is run again unasked", another(CUT, QUEUED, RUNNING, TOKEN, AGAIN, *ANEW)),
    ("fate", "work that is not run again, though it was asked for", another(RETRIED, QUEUED, RUNNING, TOKEN, GONE)),
    ("fate", "a read that is lost", another(LOOK, QUEUED, RUNNING, GONE)),
    ("fate", "a queued job that is lost", another(LOOK, QUEUED, GONE)),
    ("fate", "a private job that goes on", another(PRIVATE, QUEUED, *ANEW)),
]


def test_a_sound_home_is_sound() -> None:
    """Where all is well, nothing is found; and the fates of the jobs are told apart."""
    WELL.check()
    assert fates(WELL.log) == {"again": 1, "lost": 2, "goes on": 1}


@pytest.mark.parametrize(("name", "what", "broken"), BREAKS, ids=[f"{name}: {what}" for name, what, _ in BREAKS])
def test_what_is_broken_is_found(name: str, what: str, broken: Callable[[], Home]) -> None:
    """Each invariant, broken in one way, is found by its name."""
    home = broken()
    with pytest.raises(AssertionError) as found:
        home.check()
    assert any(line.startswith(f"{name} ") for line in str(found.value).splitlines()), f"{what}: {found.value}"


def test_every_violation_is_listed() -> None:
    """Several violations are one error, with a line for each."""
    home = replace(WELL.with_start("nobody asked this"), left=ProcessTable((Pid(4242, 1.0), Pid(4343, 1.0))))
    with pytest.raises(AssertionError) as found:
        home.check()
    first, *others = str(found.value).splitlines()
    assert first == "3 violations:"
    assert [line.split()[0] for line in others] == ["I6", "I7", "I7"]


def test_a_death_between_two_events_is_the_one_that_counts() -> None:
    """Only a death that came while a job was unfinished gives it a fate."""
    late = replace(WELL.log, deaths=(WELL.log.deaths[0] + timedelta(days=1),))
    check_invariants(late, WELL.views, WELL.journal, ProcessTable())
    assert not fates(late)


async def test_what_a_superseded_queen_creates_is_not_there(tmp_path: Path) -> None:
    """A store that another has opened since refuses a new job, and the oracle finds none in the log."""
    store, path = SqliteStore.open(tmp_path / "jobs.db", World()), tmp_path / "jobs.db"
    kept = JobLog.new(parse_operation(LOOK.payload), USUAL, store, World())
    told = replace(LOOK, key=None, start="on_stream", job_id=await kept.create())
    other = apsw.Connection(str(path))
    other.execute("UPDATE meta SET epoch = epoch + 1")
    other.close()
    late = JobLog.new(parse_operation(LOOK.payload), USUAL, store, World())
    with pytest.raises(StaleEpoch):
        await late.create()
    await store.close()
    log = await asyncio.to_thread(Log.read, path)
    assert set(log.jobs) == {told.job_id}
    with pytest.raises(AssertionError, match="1 violations"):  # it is queued: nobody has started it
        check_invariants(
            log, Views(creates=(replace(told, start="now"),), stale=frozenset({late.record.id})), (), ProcessTable()
        )
