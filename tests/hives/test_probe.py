"""A worker in doubt is asked for a token: one that gives none is ended and loaded again, whatever it says of itself."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from queenlib.engines.connection import Patience
from queenlib.errors import WorkerStalled
from queenlib.hives.catalog import HiveCatalog
from queenlib.hives.probe import DOUBT_S, PROBE_S
from queenlib.messages.events import Waiting
from queenlib.messages.worker import EngineArgs, WorkerState
from tests.hives.leaping import Leaping
from tests.hives.yard import ENDLESS, QUICK, Asker, ask, embed, generating, pid, spawn, until, yard

WORLD = Leaping()
DEAF = "sim:words?tokens=2&mute_from=2"
"""Answers once, and says ever after that it is well."""


@pytest.fixture
async def hives(tmp_path: Path) -> AsyncIterator[HiveCatalog]:
    """This machine and `ant`, in a world that leaps, where only a probe finds out who is silent."""
    patience = Patience(first_token_s=1e6, between_tokens_s=1e6, begin_s=0.5, stop_s=0.5)
    async with yard(tmp_path, world=WORLD, patience=patience) as made:
        yield made


async def probed(asker: Asker) -> None:
    """Wait until somebody's worker is asked for a token, and let its time pass."""
    await until(lambda: asker.told("probe: "))
    await WORLD.leap(PROBE_S + 1)


async def test_worker_that_works_is_asked_once(hives: HiveCatalog) -> None:
    """After a while without work it is asked for a token first, its waiting says so; one that has just worked is not."""
    worker = await spawn(hives, QUICK)
    assert not await told_of_probe(ask(hives))
    await WORLD.leap(DOUBT_S + 5)
    assert await told_of_probe(ask(hives))
    assert not await told_of_probe(ask(hives))
    assert worker.state is WorkerState.READY


async def told_of_probe(asker: Asker) -> bool:
    """Whether somebody who got an answer was told of a probe."""
    assert len((await asker.task).split()) == 3
    return any(isinstance(step, Waiting) and step.reason.startswith("probe: ") for step in asker.steps)


@pytest.mark.parametrize("named", ["w", None], ids=["named", "any"])
async def test_idle_worker_that_generates_nothing_costs_no_job(hives: HiveCatalog, named: str | None) -> None:
    """Though it says that its slot is idle: it is ended with the reason, loaded again as it was, and the job is done."""
    worker = await spawn(hives, DEAF, name="w", context=5000)
    assert await ask(hives, DEAF).task
    await WORLD.leap(DOUBT_S + 5)
    assert worker.connection is not None
    assert await worker.connection.idle(0)
    asker = ask(hives, DEAF, worker_id=named)
    await probed(asker)
    assert await asker.task
    assert (worker.state, "gave no token" in worker.info().reason) == ("failed", True)
    assert asker.held is not None
    assert (asker.held.worker.id, asker.held.worker.spec) == ("w", worker.spec)
    assert asker.told("backoff: ")


async def test_silent_worker_is_found_out_by_who_comes_next(hives: HiveCatalog) -> None:
    """A job at work on a stopped worker ends as stalled when the next one's question is not answered, which goes on."""
    worker = await spawn(hives, ENDLESS, name="w", slots=2)
    silent = ask(hives, ENDLESS)
    await until(lambda: silent.tokens)
    os.kill(pid(worker), signal.SIGSTOP)
    await WORLD.leap(DOUBT_S + 5)
    following = ask(hives, ENDLESS)
    await probed(following)
    error = await silent.fails()
    assert isinstance(error, WorkerStalled)
    assert (error.silent_s, error.stopped) == (PROBE_S, True)
    assert await generating(following) is not worker
    await following.cancel()


async def test_neighbours_that_go_on_outlive_a_probe(hives: HiveCatalog) -> None:
    """A worker that gives others their tokens is not ended when one slot gives none: it takes nothing new."""
    model = "sim:words?tokens=100000&tokens_per_s=5&mute_from=2"
    worker = await spawn(hives, model, name="w", slots=2)
    goes_on = ask(hives, model)
    await generating(goes_on)
    while True:  # until no token comes between
        worker.heard_at -= DOUBT_S + 5  # as if the next token were long in coming
        asker = ask(hives, model)
        if await asked(asker):
            break
        await asker.cancel()
    before = len(goes_on.tokens)
    await until(lambda: len(goes_on.tokens) > before)
    await WORLD.leap(PROBE_S + 1)
    await until(lambda: worker.retired)
    assert (worker.state, goes_on.task.done()) == ("draining", False)
    for each in (asker, goes_on):
        await each.cancel()


async def asked(asker: Asker) -> bool:
    """Whether somebody's worker was asked for a token before it was given to them."""
    await until(lambda: asker.told("probe: ") or asker.held)
    return asker.told("probe: ")


async def test_leaving_in_a_probe_leaves_an_idle_slot(hives: HiveCatalog) -> None:
    """Who is cancelled while its worker is asked has ended when the slot is idle by the engine's word, and it is free."""
    worker = await spawn(hives, DEAF, name="w", slots=1)
    assert await ask(hives, DEAF).task
    await WORLD.leap(DOUBT_S + 5)
    asker = ask(hives, DEAF)
    await until(lambda: asker.told("probe: "))
    await asker.cancel()
    assert worker.connection is not None
    assert (await worker.connection.idle(0), worker.free) == (True, [0])


async def test_worker_for_vectors_is_asked_for_one(hives: HiveCatalog) -> None:
    """It makes no answers; one that makes none any more is ended, and the job is done by the next."""
    for model, ends in (("sim:words", False), ("sim:words?mute_from=4", True)):
        worker = await spawn(hives, model, engine_args=EngineArgs(embeddings="model"))
        await embed(hives, model, "a")
        await WORLD.leap(DOUBT_S + 5)
        await embed(hives, model, "b")
        assert not worker.ended
        if ends:
            await WORLD.leap(DOUBT_S + 5)
            work = asyncio.create_task(embed(hives, model, "c"))
            await asyncio.sleep(0.3)
            await WORLD.leap(PROBE_S + 1)
            await work
        assert worker.ended is ends
