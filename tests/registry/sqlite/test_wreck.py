"""What a damaged database still says: whole rows, and jobs as far as they go; nothing is guessed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from queenlib.messages.events import AttemptEvent
from queenlib.messages.infer import Infer
from queenlib.messages.job import JobRecord
from queenlib.messages.state import State
from queenlib.registry.log import JobLog
from queenlib.registry.sqlite.rows import head_crc
from queenlib.registry.sqlite.store import SqliteStore
from queenlib.registry.sqlite.wreck import Salvaged, Wreck
from tests.registry.sqlite.written import Seen, lines, seeded, seen, some_jobs


@pytest.fixture
async def kept(tmp_path: Path) -> tuple[Path, Seen]:
    """A store that is closed, with some jobs, and what was seen of it."""
    world = seeded(7)
    store = SqliteStore.open(tmp_path / "jobs.db", world)
    await some_jobs(store, world, 6, unfinished=2)
    known = await seen(store)
    await store.close()
    return tmp_path / "jobs.db", known


def change(path: Path, *deeds: str) -> None:
    """Change rows behind everybody's back."""
    connection = apsw.Connection(str(path))
    for deed in deeds:
        connection.execute(deed)
    connection.close()


def jobs(wreck: Wreck) -> dict[str, Salvaged]:
    """The jobs that can be read, by their ids."""
    found = [wreck.job(number) for number in wreck.numbers]
    return {job.record.id: job for job in found if job is not None}


async def test_what_is_whole_is_read_whole(kept: tuple[Path, Seen]) -> None:
    """Of a store without damage each job is what was seen of it, and it is known what its first event made it."""
    path, known = kept
    wreck = Wreck.read(path)
    found = jobs(wreck)
    assert {job_id: job.record for job_id, job in found.items()} == known.records
    assert {job_id: lines(job.events) for job_id, job in found.items()} == known.logs
    assert all(job.whole for job in found.values())
    assert {(job.first.state, job.first.last_seq) for job in found.values()} == {(State.QUEUED, 1)}
    assert not wreck.lost
    assert wreck.epoch == 1


CHUNK = "place IN (SELECT place FROM chunks WHERE place >> 32 = 2 ORDER BY place LIMIT 1 OFFSET 2)"
HARMS = {
    "a chunk is gone": f"DELETE FROM chunks WHERE {CHUNK}",
    "a chunk is changed": f"UPDATE chunks SET body = CAST(body || 'x' AS BLOB) WHERE {CHUNK}",
    "a chunk lies": f"UPDATE chunks SET count = count + 1 WHERE {CHUNK}",
    "the rest is gone": "DELETE FROM chunks WHERE place >> 32 = 2 AND place & 0xffffffff > 12",
}


@pytest.mark.parametrize("harm", HARMS)
async def test_a_log_is_read_up_to_the_damage(kept: tuple[Path, Seen], harm: str) -> None:
    """Its events are a part of what was seen, from the first on, and the others are as they were."""
    path, known = kept
    change(path, HARMS[harm])
    wreck = Wreck.read(path)
    found = jobs(wreck)
    (cut,) = [job for job in found.values() if not job.whole]
    whole = known.logs[cut.record.id]
    assert 0 < len(cut.events) < len(whole)
    assert lines(cut.events) == whole[: len(cut.events)]
    assert cut.record.last_seq == len(cut.events)
    others = {job_id: job.record for job_id, job in found.items() if job is not cut}
    assert others == {job_id: record for job_id, record in known.records.items() if job_id != cut.record.id}
    assert wreck.lost is not harm.endswith("gone")


LOST: dict[str, tuple[str, Callable[[JobRecord], str]]] = {
    "no record": ("DELETE FROM jobs WHERE number = 2", lambda _: "number 2"),
    "a record that lies": ("UPDATE jobs SET ended_at = ended_at + 1 WHERE number = 2", lambda record: record.id),
    "a name that lies": ("UPDATE jobs SET id = replace(id, 'job-', 'jnb-') WHERE number = 2", lambda _: "number 2"),
    "no request": ("DELETE FROM requests WHERE number = 2", lambda record: record.id),
    "a request that lies": ("UPDATE requests SET crc = crc + 1 WHERE number = 2", lambda record: record.id),
    "no first event": ("DELETE FROM chunks WHERE place = (2 << 32) + 1", lambda record: record.id),
}


@pytest.mark.parametrize("harm", LOST)
async def test_a_job_that_cannot_be_read_is_named(kept: tuple[Path, Seen], harm: str) -> None:
    """By its id where that can be read, and else by its number."""
    path, known = kept
    deed, name = LOST[harm]
    change(path, deed)
    wreck = Wreck.read(path)
    second = list(known.records.values())[-2]
    assert wreck.job(2) is None
    assert wreck.name(2) == name(second)
    assert set(jobs(wreck)) == set(known.records) - {second.id}


async def test_without_its_result_a_job_has_not_ended(kept: tuple[Path, Seen]) -> None:
    """The event that tells the result is not read where the result is gone."""
    path, known = kept
    change(path, "DELETE FROM results WHERE number = 2")
    job = Wreck.read(path).job(2)
    assert job is not None
    assert not job.whole
    assert (job.record.result, job.record.state) == (None, State.RUNNING)
    assert len(job.events) == len(known.logs[job.record.id]) - 2


async def test_a_record_that_is_not_the_fold_of_its_log_is_told(kept: tuple[Path, Seen]) -> None:
    """Though every row of it is whole: the log is what counts."""
    path, known = kept
    connection = apsw.Connection(str(path))
    rows = connection.execute("SELECT number, id, head, crc FROM jobs WHERE ended_at IS NULL ORDER BY number").fetchall()
    connection.close()
    (number, job_id, head, _), *_ = rows
    said = json.loads(bytes(head)) | {"attempt": 3}  # type: ignore[arg-type]
    new = json.dumps(said, separators=(",", ":")).encode()
    connection = apsw.Connection(str(path))
    connection.execute("UPDATE jobs SET head = ?, crc = ? WHERE number = ?", (new, head_crc(str(job_id), None, new), number))
    connection.close()
    job = Wreck.read(path).job(int(str(number)))
    assert job is not None
    assert not job.whole
    assert job.record == known.records[str(job_id)]


async def test_a_job_of_several_attempts_folds_to_what_it_was(tmp_path: Path) -> None:
    """Also where the epoch of its first attempt is written down nowhere any more."""
    path, world = tmp_path / "jobs.db", seeded(8)
    store = SqliteStore.open(path, world)
    (job_id,) = await some_jobs(store, world, 1, unfinished=1)
    await store.close()
    for _ in range(2):
        store = SqliteStore.open(path, world)
        record = await store.get(job_id)
        assert record is not None
        log = JobLog(Infer(prompt="x"), record, store, world)
        log.attempt("again")
        log.state(State.RUNNING)
        await log.settled()
        await store.close()
    job = Wreck.read(path).job(1)
    assert job is not None
    assert job.whole
    assert (job.record.attempt, job.record.epoch) == (3, 3)
    assert sum(isinstance(event, AttemptEvent) for event in job.events) == 2


async def test_newer_rows_are_those_in_the_wal(tmp_path: Path) -> None:
    """A store that is alive is read as it is now, the `-wal` over the file; its other versions say nothing."""
    (tmp_path / "live").mkdir()
    world = seeded(9)
    store = SqliteStore.open(tmp_path / "live" / "jobs.db", world)
    first = await some_jobs(store, world, 3, unfinished=0)
    await store.delete([first[0]])
    await some_jobs(store, world, 3, unfinished=1)
    known = await seen(store)
    shutil.copytree(tmp_path / "live", tmp_path / "copy")
    await store.close()
    found = jobs(Wreck.read(tmp_path / "copy" / "jobs.db"))
    assert {job_id: lines(job.events) for job_id, job in found.items()} == known.logs


def test_nothing_says_nothing(tmp_path: Path) -> None:
    """Where there is no database there are no jobs."""
    assert Wreck.read(tmp_path / "jobs.db").numbers == []
