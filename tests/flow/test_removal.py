"""What is to be gone is gone, and what is private was never there: not in any file of the home."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from queenlib import Infer, Queen, errors
from queenlib.messages.events import TokenEvent
from queenlib.messages.infer import ChatMessage
from queenlib.messages.state import State
from tests.flow.asking import reigning, starts
from tests.flow.conftest import near, served

Opened = Callable[[Path], AbstractContextManager[Queen]]
CANARY = "canary-7Q2xkV"
LONG = "sim:words?tokens=100000&tokens_per_s=100"


def with_canary(home: Path) -> list[str]:
    """The files of a home in which the canary is, as it is or in another width, now."""
    found = []
    for path in home.rglob("*"):
        with suppress(FileNotFoundError, IsADirectoryError):
            data = path.read_bytes()
            if CANARY.encode() in data or CANARY.encode("utf-16-le") in data:
                found.append(path.relative_to(home).as_posix())
    return found


async def test_a_job_is_deleted_for_good_over_http(tmp_path: Path) -> None:
    """Gone from every address and from every file, now and for the next queen; a second time there is nothing to delete."""
    home = tmp_path / "home"
    async with reigning(home) as (_, asker):
        payload = {"operation": "infer", "prompt": f"{CANARY} " * 300, "model": "sim:echo"}
        gone, stays = [(await asker.post({**payload, "seed": seed})).json["job_id"] for seed in (1, 2)]
        for job_id in (gone, stays):
            await asker.log(job_id)
        assert (await asker.ask("DELETE", f"/v1/jobs/{stays}/log")).json == {"kind": "job", "id": stays}
        assert with_canary(home)
        deleted = await asker.ask("DELETE", f"/v1/jobs/{gone[:-2]}/log")  # its beginning will do
        assert (deleted.status, deleted.json) == (200, {"kind": "job", "id": gone})
        assert with_canary(home) == []
        for method, part in (("GET", ""), ("GET", "/stream"), ("DELETE", ""), ("DELETE", "/log")):
            answer = await asker.ask(method, f"/v1/jobs/{gone}{part}")
            assert (answer.status, answer.json["type"]) == (404, "UnknownJob")
        assert (await asker.ask("GET", "/v1/jobs")).json["jobs"] == []
    async with reigning(home) as (_, asker):
        assert (await asker.ask("GET", f"/v1/jobs/{gone}")).status == 404
        assert with_canary(home) == []


@pytest.mark.parametrize("opened", [near, served])
async def test_a_job_is_deleted_for_good_in_python(opened: Opened, tmp_path: Path) -> None:
    """`jobs.delete` says what it deleted; one that is at work is refused and goes on; others stay as they were."""
    with opened(tmp_path) as queen:
        busy, other = queen.infer("x", model=LONG), queen.infer("y", model="sim:echo")
        next(event for event in busy if isinstance(event, TokenEvent))
        with pytest.raises(errors.InUse) as caught:
            await queen.jobs.delete(busy.id)
        assert busy.id in caught.value.next
        log = [event.line async for event in other]
        job = queen.infer(f"{CANARY} " * 300, model="sim:echo")
        assert CANARY in (await job).text
        assert with_canary(tmp_path)
        assert (await queen.jobs.delete(job.id)).id == job.id
        assert with_canary(tmp_path) == []
        for verb in (queen.jobs.get, queen.jobs.delete, queen.jobs.result, queen.jobs.cancel):
            with pytest.raises(errors.UnknownJob):
                await cast("Any", verb)(job.id)
        assert [event.line async for event in queen.jobs.stream(other.id)] == log
        assert (await busy.cancel()).state is State.CANCELLED
        assert queen.sync.jobs.delete(busy.id).id == busy.id
        assert [each.id for each in (await queen.jobs.list()).jobs] == [other.id]


async def test_jobs_are_pruned_over_http(tmp_path: Path) -> None:
    """A dry run says what would go and removes nothing; the real one removes just that, and no byte of it is left."""
    home = tmp_path / "home"
    async with reigning(home) as (_, asker):
        busy = (await asker.post({"operation": "infer", "prompt": "x", "model": LONG})).json["job_id"]
        made = [
            (await asker.post({"operation": "infer", "prompt": CANARY, "model": "sim:echo"})).json["job_id"] for _ in "abc"
        ]
        for job_id in made:
            await asker.log(job_id)
        nothing = await asker.ask("POST", "/v1/prune", {"age_s": 3600})
        assert (nothing.status, nothing.json) == (200, {"dry_run": False, "jobs": [], "size": 0})
        dry = (await asker.ask("POST", "/v1/prune", {"age_s": 0, "dry_run": True})).json
        assert (dry["dry_run"], {job["id"] for job in dry["jobs"]}) == (True, set(made))
        assert dry["size"] == sum(job["size"] for job in dry["jobs"]) > 0
        assert len((await asker.ask("GET", "/v1/jobs")).json["jobs"]) == 4
        assert (await asker.ask("POST", "/v1/prune", {"age_s": 0})).json == {**dry, "dry_run": False}
        assert [job["id"] for job in (await asker.ask("GET", "/v1/jobs")).json["jobs"]] == [busy]
        assert with_canary(home) == []


@pytest.mark.parametrize("opened", [near, served])
async def test_jobs_are_pruned_in_python(opened: Opened, tmp_path: Path) -> None:
    """By a `timedelta`, by bytes; what was to stay stays."""
    with opened(tmp_path) as queen:
        jobs = [queen.infer(f"{number}", model="sim:echo") for number in range(3)]
        for job in jobs:
            await job
        assert (await queen.jobs.prune(older_than=timedelta(hours=1))).jobs == ()
        assert (await queen.jobs.prune(size=10**9)).jobs == ()
        dry = await queen.jobs.prune(size=0, dry_run=True)
        assert (len(dry.jobs), str(dry)[:23]) == (3, "3 jobs would be removed")
        assert len((await queen.jobs.list()).jobs) == 3
        assert {job.id for job in queen.sync.jobs.prune(older_than=timedelta(0)).jobs} == {job.id for job in jobs}
        assert (await queen.jobs.list()).jobs == ()
        wrong: list[dict[str, Any]] = [{}, {"older_than": -1}, {"size": -1}, {"older_than": float("nan")}, {"size": 1.5}]
        for said in (*wrong, {"older_than": timedelta(seconds=-1)}, {"size": True}, {"older_than": "1"}):
            with pytest.raises(errors.InvalidRequest):
                await queen.jobs.prune(**said)


@pytest.mark.parametrize("opened", [near, served])
async def test_what_is_private_is_in_no_file(opened: Opened, tmp_path: Path) -> None:
    """Neither what was asked nor the answer, while it runs, when it has ended, after closing; yet who asked gets it."""
    said = " ".join(f"{CANARY}-{number}" for number in range(150))
    asked = Infer(
        messages=(ChatMessage(role="user", content=CANARY), ChatMessage(role="user", content=said)),
        system=f"You are {CANARY}.",
        stop=(f"stop {CANARY}",),
        model="sim:echo?tokens_per_s=150",
        private=True,
    )
    with opened(tmp_path) as queen:
        job = await queen.jobs.create(asked, key="k")
        async for event in job:
            assert CANARY not in event.line.decode()
            assert with_canary(tmp_path) == [], event
        assert (await job).text == said
        assert (await queen.jobs.result(job.id)).text == said
        assert (await queen.jobs.create(asked, key="k")).id == job.id
        assert (await job).usage.completion_tokens > 100
        assert with_canary(tmp_path) == []
        log = [event.line async for event in queen.jobs.stream(job.id)]
    assert with_canary(tmp_path) == []
    with opened(tmp_path) as queen:
        kept = await queen.jobs.result(job.id)
        assert (kept.text, kept.parameters.stop) == ("", ())
        assert kept.usage.completion_tokens > 100
        assert [event.line async for event in queen.jobs.stream(job.id)] == log


@pytest.mark.parametrize(
    "model", ["sim:echo?crash_at_token=5", "sim:echo?bad_utf8_at_token=3", "sim:none", "sim:words?fail_load=1"]
)
async def test_what_is_private_stays_so_when_it_fails(tmp_path: Path, model: str) -> None:
    """An error, and the lines that its worker said last, tell nothing of it either."""
    with Queen(tmp_path) as queen:
        job = queen.infer(f"{CANARY} " * 20, model=model, private=True, system=CANARY)
        with suppress(errors.QueenError):
            await job
        assert all(CANARY not in event.line.decode() for event in job)
        assert CANARY not in (await queen.jobs.get(job.id)).model_dump_json(exclude={"result"})
        assert with_canary(tmp_path) == []
    assert with_canary(tmp_path) == []


async def test_a_private_job_is_lost_with_its_queen(tmp_path: Path) -> None:
    """Killed in mid answer: nothing of it is in a file, it is not run again whatever was agreed, and it says so."""
    home = tmp_path / "home"
    async with reigning(home) as (_, asker):
        payload = {"operation": "infer", "prompt": CANARY, "model": LONG, "private": True}
        job_id = (await asker.post(payload, query="?retry=3")).json["job_id"]
        async with asyncio.timeout(30):
            while not starts(home):
                await asyncio.sleep(0.01)
    assert with_canary(home) == []
    async with reigning(home) as (_, asker):
        record = (await asker.ask("GET", f"/v1/jobs/{job_id}")).json
        assert (record["state"], record["attempt"], record["error"]["kind"]) == ("lost", 1, "JobLost")
        assert "private" in record["error"]["why"]
    assert with_canary(home) == []
    assert starts(home) == 1
