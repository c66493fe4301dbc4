"""From a wish to a slot: who waits is told its place, and never waits for what cannot come."""

import asyncio
import os
import signal

import pytest

from queenlib.engines.connection import EngineConnection
from queenlib.errors import EngineError, HiveStopped, WorkerDied
from queenlib.hives.catalog import HiveCatalog
from queenlib.hives.holding import LOADS
from queenlib.messages.events import Waiting
from tests.hives.yard import ENDLESS, QUICK, ant, ask, every, generating, pid, spawn, until


async def test_engine_never_has_more_than_its_slots(hives: HiveCatalog) -> None:
    """Sixty generations on three slots: by the worker's own count three at once at most, and every one was answered."""
    worker = await spawn(hives, QUICK, slots=3)
    askers = [ask(hives, QUICK) for _ in range(60)]
    assert len({await asker.task for asker in askers}) == 1
    assert {asker.held.worker for asker in askers if asker.held} == {worker}
    assert isinstance(worker.connection, EngineConnection)
    told = (await worker.connection._line.get("/props", limit_s=10)).data
    assert (told["requests_peak"], told["requests_total"]) == (3, 60)
    assert sorted(worker.free) == [0, 1, 2]
    places = [step.reason for asker in askers for step in asker.steps if isinstance(step, Waiting)]
    assert "slot: over 50 ahead" in places
    assert len(places) < 60 * 20


async def test_claims_outlive_a_worker_that_dies(hives: HiveCatalog) -> None:
    """Who waits for it, by its name or not, gets it loaded again as it was; who was at work gets the error."""
    worker = await spawn(hives, ENDLESS, name="w", slots=1, context=5000)
    busy = ask(hives, ENDLESS)
    await generating(busy)
    anyone, named = ask(hives, ENDLESS), ask(hives, ENDLESS, worker_id="w")
    await until(lambda: ant(hives).workers.queue.waiting(worker) == 2)
    os.kill(pid(worker), signal.SIGKILL)
    error = await busy.fails()
    assert isinstance(error, WorkerDied)
    assert error.signal == "SIGKILL"
    again = await generating(anyone)
    assert (again is not worker, again.id, again.spec) == (True, "w", worker.spec)
    assert anyone.told("slot: 0 ahead")
    assert anyone.told("backoff: ")
    await anyone.cancel()
    assert await generating(named) is again
    await named.cancel()


async def test_death_that_nobody_has_seen_yet_is_typed(hives: HiveCatalog) -> None:
    """A worker that dies between the choice and the first word: the error is that of its process."""
    worker = await spawn(hives, QUICK)
    os.kill(pid(worker), signal.SIGKILL)
    error = await ask(hives, QUICK).fails()
    assert isinstance(error, WorkerDied)
    assert error.signal == "SIGKILL"
    assert await ask(hives, QUICK).task


async def test_deaths_in_a_row_come_to_an_end(hives: HiveCatalog) -> None:
    """A model that kills each of its workers is not loaded again and again for those who wait."""
    model = "sim:words?crash_at_token=1"
    askers = [ask(hives, model) for _ in range(12)]
    errors = [await asker.fails() for asker in askers]
    assert {type(error) for error in errors} == {WorkerDied}
    assert any(f"as {LOADS - 1} others had" in error.what for error in errors)
    assert len({asker.held.worker for asker in askers if asker.held}) == LOADS


async def test_worker_that_is_on_its_way_is_waited_for(hives: HiveCatalog) -> None:
    """By name or by model: no second one is started, and the age of the load is told."""
    model = "sim:words?load_s=1.8&tokens=2"
    coming = asyncio.create_task(spawn(hives, model, name="w", context=8192))
    await asyncio.sleep(1.05)
    askers = [ask(hives, model), ask(hives, model, worker_id="w")]
    assert all([await asker.task for asker in askers])
    worker = await coming
    assert {asker.held.worker for asker in askers if asker.held} == {worker}
    assert all(asker.told(f"load: {model} on ant, for 1 s already") for asker in askers)
    assert ant(hives).workers.all() == (worker,)


async def test_named_worker_that_cannot_is_refused(hives: HiveCatalog) -> None:
    """One that is not there, serves something else, or runs on another device: the error says which."""
    await spawn(hives, QUICK, name="w", device="cpu")
    for asker, words in (
        (ask(hives, QUICK, worker_id="v"), "there is no such worker; those that there are: w"),
        (ask(hives, ENDLESS, worker_id="w"), f"it serves {QUICK}"),
        (ask(hives, QUICK, worker_id="w", device="gpu:0"), "it runs on cpu"),
    ):
        error = await asker.fails()
        assert type(error) is EngineError
        assert words in error.why


async def test_cancelled_claim_is_struck_off(hives: HiveCatalog) -> None:
    """Who leaves the queue frees its place, who leaves a slot frees that; whoever is behind moves up."""
    worker = await spawn(hives, ENDLESS, slots=1)
    busy, leaves, stays = (ask(hives, ENDLESS) for _ in range(3))
    await generating(busy)
    await until(lambda: stays.told("slot: 1 ahead"))
    await leaves.cancel()
    await until(lambda: stays.told("slot: 0 ahead"))
    await busy.cancel()
    assert await generating(stays) is worker
    await stays.cancel()
    assert worker.free == [0]


@pytest.mark.parametrize("force", [False, True])
async def test_stopping_the_hive_ends_the_waiting(hives: HiveCatalog, force: bool) -> None:
    """Who waits for a slot or a load is told at once; who generates finishes, or is ended by force."""
    model = "sim:words?tokens=25&tokens_per_s=50"
    await spawn(hives, model, slots=1)
    busy = ask(hives, model)
    await generating(busy)
    waits, loads = ask(hives, model), ask(hives, "sim:words?load_s=60")
    await until(lambda: waits.told("slot: 0 ahead") and loads.told("loads"))
    stop = asyncio.create_task(every(ant(hives).stop(force=force)))
    for asker in (waits, loads):
        assert isinstance(await asker.fails(), HiveStopped)
    if force:
        assert isinstance(await busy.fails(), WorkerDied)
    else:
        assert not busy.task.done()
        assert len((await busy.task).split()) == 25
    await stop
    assert (ant(hives).info().state, ant(hives).info().workers) == ("stopped", ())
