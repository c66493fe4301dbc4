"""Watching jobs, hives, workers and models, near and far: a list, then what differs from it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from queenlib import Queen, errors
from queenlib.messages.change import Watched
from queenlib.messages.job import JobRecord
from queenlib.messages.state import State


async def test_jobs_are_seen_to_come_and_end(queen: Queen) -> None:
    """By `async for` and by `for`: those that run, until none does; lists that somebody makes meanwhile are not told."""
    running = queen.jobs.watch(tags="watched", state=["queued", "running", "waiting"])
    watched, ids, most = Watched[JobRecord](), list[str](), 0
    async with asyncio.timeout(60):
        async for change in running:
            watched.take(change)
            most = max(most, len(watched.items))
            if not ids:
                model = "sim:words?tokens=20&tokens_per_s=50"
                ids = [queen.infer("x", model=model, tags="watched").id for _ in range(4)]
                await queen.hives.list()
            elif not watched.items and most == 4:
                break
            assert watched.items.keys() <= set(ids)
    for change in queen.jobs.watch(tags="watched"):
        assert (change.reset, [job.id for job in change.items]) == (True, ids)
        assert {job.state for job in change.items} == {State.SUCCEEDED}
        break


async def test_workers_are_seen_to_load_and_to_work(queen: Queen) -> None:
    """From none to ready to busy to stopped, with their rate, in their hive and on their own; nothing of another hive."""
    await queen.hives.add("looked-at", kind="simulated")
    watched, states, rates = Watched[Any](), list[str](), list[float]()
    async with asyncio.timeout(60):
        async for change in queen.workers.watch("looked-at"):
            watched.take(change)
            states += [worker.state for worker in change.items]
            rates += [worker.tokens_per_s for worker in change.items if worker.tokens_per_s is not None]
            if change.reset:
                model = "sim:words?tokens=40&tokens_per_s=40&load_s=0.6"
                job = queen.infer("x", model=model, hive="looked-at")
            if "busy" in states and not watched.items:
                break
            if "busy" in states and states[-1] == "ready":
                [name] = watched.items
                queen.workers.stop(name.partition("/")[2], hive="looked-at")
    assert job.record.request["hive_id"] == "looked-at"
    assert max(rates) == pytest.approx(40, rel=0.5)
    assert states.index("busy") > min(states.index(each) for each in ("starting", "loading") if each in states)
    async for hives in queen.hives.watch():
        assert "looked-at" in {hive.id for hive in hives.items}
        await queen.hives.remove("looked-at")
        break
    with pytest.raises(errors.UnknownHive):
        async for _ in queen.workers.watch("looked-at"):
            pass


async def test_models_are_seen_to_come(queen: Queen, real_model_path: Path) -> None:
    """One that gets a name is told, by its source."""
    async with asyncio.timeout(60):
        async for change in queen.models.watch():
            if change.reset:
                queen.models.download(f"file:{real_model_path}", alias="seen")
            elif found := [model for model in change.items if model.name == "seen"]:
                assert found[0].present
                break
    await queen.models.delete("seen")


def test_what_is_no_choice_is_refused_where_it_is_said(queen: Queen) -> None:
    """Before anything is asked of the queen."""
    with pytest.raises(errors.InvalidRequest, match="limit"):
        queen.jobs.watch(limit=0)
    with pytest.raises(errors.InvalidRequest, match="state"):
        queen.jobs.watch(state="asleep")
