"""Jobs are on the disk: they outlive their queen as they were, and what is to be gone is gone."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any, cast

import pytest

from queenlib import Queen, errors
from queenlib.client.remote import RemoteQueen
from queenlib.home import Home
from queenlib.messages.events import AttemptEvent, Event, TokenEvent
from queenlib.messages.hive import HiveList
from queenlib.messages.job import JobRecord
from queenlib.messages.state import State
from queenlib.world import World
from tests.flow.asking import Asker, reigning, starts

SLOW = "sim:words?tokens=60&tokens_per_s=100"
LONG = "sim:words?tokens=100000&tokens_per_s=100"


async def kinds_of_jobs(queen: Queen) -> list[str]:
    """Jobs that ended in every way."""
    jobs = [
        queen.infer("one", model="sim:words?tokens=300&tokens_per_s=3000"),
        queen.infer("é \N{HONEYBEE}\r\n[DONE]\u2028\x1b", model="sim:echo"),
        queen.infer("three", model="sim:words?crash_at_token=20&tokens_per_s=1000"),
        queen.infer("four", model="sim:none"),
        queen.infer("five", model="sim:echo", private=True),
        await queen.jobs.create(HiveList(), key="mine"),
        await queen.jobs.create(HiveList(), start="on_stream"),
    ]
    cancelled = queen.infer("six", model=LONG, max_tokens=3000)
    next(event for event in cancelled if isinstance(event, TokenEvent))
    await cancelled.cancel()
    for job in jobs:
        with suppress(errors.QueenError):
            await job
    return [job.id for job in (*jobs, cancelled)]


async def test_what_has_ended_is_replayed_byte_for_byte(tmp_path: Path) -> None:
    """Closed and opened again, twice: each record, each event and each result is the same to the byte, from anywhere on."""
    with Queen(tmp_path) as queen:
        ids = await kinds_of_jobs(queen)
        logs = {job_id: [event.line async for event in queen.jobs.stream(job_id)] for job_id in ids}
        listing = await queen.jobs.list()
        records = {job_id: await queen.jobs.get(job_id) for job_id in ids}
    assert {record.state for record in records.values()} == {State.SUCCEEDED, State.FAILED, State.CANCELLED}
    private = ids[4]
    assert (records[private].result or {})["text"] == "five"
    for _ in range(2):
        with Queen(tmp_path) as queen:
            assert await queen.jobs.list() == listing
            for job_id, log in logs.items():
                assert [event.line async for event in queen.jobs.stream(job_id)] == log
                assert [event.line async for event in queen.jobs.stream(job_id, after=len(log) - 2)] == log[-2:]
                kept, known = await queen.jobs.get(job_id), records[job_id]
                if job_id == private:
                    known = known.model_copy(update={"result": {**(known.result or {}), "text": ""}})
                assert kept == known
            assert (await queen.jobs.result(private)).text == ""


async def test_the_bytes_on_the_wire_are_the_same_too(tmp_path: Path) -> None:
    """A stream, a record and a page of one queen are those of the next, be the one before closed or killed."""
    home, found = tmp_path / "home", list[list[bytes]]()
    with Queen(home) as queen:
        ids = await kinds_of_jobs(queen)
    for _ in range(3):
        async with reigning(home) as (_, asker):
            targets = ["/v1/jobs?limit=1000"]
            targets += [f"/v1/jobs/{job_id}{part}" for job_id in ids for part in ("", "/stream", "/stream?after=2")]
            found.append([(await asker.ask("GET", target)).body for target in targets])
    assert found[0] == found[1] == found[2]
    assert all(found[0])


async def heard(asker: Asker, job_id: str, pieces: int, after: int = 0) -> list[Event]:
    """What a reader has seen who leaves after so many events with pieces of an answer in them."""
    client, log = RemoteQueen(asker.url, asker.token, World(), tries=0), list[Event]()
    try:
        async with asyncio.timeout(30), aclosing(cast("Any", await client.execute_job(job_id, after))) as events:
            async for event in events:
                log.append(event)
                if sum(isinstance(each, TokenEvent) for each in log) >= pieces:
                    break
    finally:
        await client.close()
    return log


def read(body: bytes) -> list[dict[str, Any]]:
    """The events of a stream."""
    return [json.loads(line[6:]) for line in body.decode().split("\n") if line.startswith("data: ")]


def is_dense(log: list[dict[str, Any]]) -> bool:
    """Whether its numbers are 1, 2, 3, … and its one end is last."""
    return [event["seq"] for event in log] == list(range(1, len(log) + 1)) and [event["type"] for event in log].index(
        "end"
    ) == len(log) - 1


async def test_with_retry_the_next_queen_runs_it_again(tmp_path: Path) -> None:
    """Killed in mid answer: an `attempt` comes, pieces count from 0 again, and the answer is whole."""
    home = tmp_path / "home"
    async with reigning(home) as (_, asker):
        job_id = (await asker.post({"operation": "infer", "prompt": "x", "model": SLOW}, query="?retry=1")).json["job_id"]
        before = await heard(asker, job_id, 10)
    async with reigning(home) as (_, asker):
        log = read(await asker.log(job_id))
        result = (await asker.ask("GET", f"/v1/jobs/{job_id}")).json["result"]
    assert is_dense(log)
    assert [json.loads(event.line) for event in before] == log[: len(before)]
    (at,) = [number for number, event in enumerate(log) if event["type"] == "attempt"]
    assert log[at]["data"] == {"n": 2, "reason": "queen_died", "epoch": 2}
    pieces = [event["data"] for event in log[at:] if event["type"] == "token"]
    assert pieces[0]["i"] == 0
    assert "".join(piece["text"] for piece in pieces) == result["text"]
    assert result["usage"]["completion_tokens"] == 60
    assert (log[-1]["data"]["state"], starts(home)) == ("succeeded", 2)


async def test_without_retry_it_is_lost(tmp_path: Path) -> None:
    """What it had said stays, nothing is run again, and the error says when it died and what to do."""
    home = tmp_path / "home"
    async with reigning(home) as (_, asker):
        job_id = (await asker.post({"operation": "infer", "prompt": "x", "model": LONG})).json["job_id"]
        before = await heard(asker, job_id, 10)
    async with reigning(home) as (_, asker):
        log = read(await asker.log(job_id))
        record = JobRecord.model_validate_json((await asker.ask("GET", f"/v1/jobs/{job_id}")).body)
    assert is_dense(log)
    assert [json.loads(event.line) for event in before] == log[: len(before)]
    assert not any(event["type"] in ("attempt", "result") for event in log)
    assert (record.state, record.attempt, record.result) == (State.LOST, 1, None)
    assert record.tokens >= 10
    assert record.error is not None
    assert (record.error.kind, f"jobs.rerun({job_id!r})" in record.error.next) == ("JobLost", True)
    with Queen(home) as queen, pytest.raises(errors.JobLost):
        await queen.jobs.result(job_id)
    assert starts(home) == 1


async def test_it_is_run_again_as_often_as_was_agreed(tmp_path: Path) -> None:
    """With one more attempt, the second death is the end: two starts, one `attempt`, `lost`."""
    home = tmp_path / "home"
    async with reigning(home) as (_, asker):
        job_id = (await asker.post({"operation": "infer", "prompt": "x", "model": LONG}, query="?retry=1")).json["job_id"]
        last = (await heard(asker, job_id, 3))[-1].seq
    async with reigning(home) as (_, asker):
        again = await heard(asker, job_id, 30, last)
        assert [event.data.n for event in again if isinstance(event, AttemptEvent)] == [2]
        async with asyncio.timeout(30):
            while starts(home) < 2:
                await asyncio.sleep(0.01)
    async with reigning(home) as (_, asker):
        log = read(await asker.log(job_id))
    assert is_dense(log)
    assert [event["type"] for event in log].count("attempt") == 1
    assert (log[-1]["data"]["state"], starts(home)) == ("lost", 2)


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """Where what was on the disk is kept."""
    kept = tmp_path / "disk"
    kept.mkdir()
    return kept


def store_of(home: Path) -> list[Path]:
    """The files that a power failure sets back: the store, but for what is made anew each time."""
    return [path for path in home.glob("jobs.*") if path.suffix in (".db", ".db-wal", ".mark")]


@pytest.mark.parametrize("retry", [0, 1])
async def test_a_reader_of_a_log_that_was_set_back_is_told(tmp_path: Path, disk: Path, retry: int) -> None:
    """Pieces that a power failure took back: who has seen them gets 409 `StreamReset`; all others read on."""
    home = tmp_path / "home"
    async with reigning(home) as (reign, asker):
        payload = {"operation": "infer", "prompt": "x", "model": "sim:words?tokens=400&tokens_per_s=200"}
        job_id = (await asker.post(payload, query=f"?retry={retry}")).json["job_id"]
        await heard(asker, job_id, 5)
        os.kill(reign.process.pid, signal.SIGSTOP)
        for path in store_of(home):
            shutil.copyfile(path, disk / path.name)
        os.kill(reign.process.pid, signal.SIGCONT)
        seen = (await heard(asker, job_id, 80))[-1].seq
    for path in home.glob("jobs.*"):
        path.unlink()
    for path in disk.iterdir():
        shutil.copyfile(path, home / path.name)
    async with reigning(home) as (_, asker):
        record = (await asker.ask("GET", f"/v1/jobs/{job_id}")).json
        last = record["epoch_seq"] - 1
        assert (record["epoch"], last < seen) == (2, True)
        stream = f"/v1/jobs/{job_id}/stream"
        told = await asker.ask("GET", stream, b"", b"Last-Event-ID: %d" % seen, b"Queen-Epoch: 1")
        assert (told.status, told.json["type"]) == (409, "StreamReset")
        assert told.json["problem"]["fields"] == {"last_seq": last, "epoch": 2}
        on = await asker.ask("GET", stream, b"", b"Last-Event-ID: %d" % last, b"Queen-Epoch: 1")
        assert (on.status, on.header("queen-epoch")) == (200, "2")
        assert read(on.body)[0]["seq"] == last + 1
        assert read(on.body) == read(await asker.log(job_id))[last:]
        client = RemoteQueen(asker.url, asker.token, World(), tries=0)
        with pytest.raises(errors.StreamReset) as caught:
            await client.execute_job(job_id, seen, 1)
        assert (caught.value.last_seq, caught.value.epoch) == (last, 2)
        await client.close()
    assert Home(home).store.exists()
