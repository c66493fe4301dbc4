"""Workers are brought once, for whoever wants them, and to what the machine has."""

import asyncio
from pathlib import Path

import pytest

from queenlib.errors import EngineError, NameTaken, UnknownDevice, UnknownModel, WorkerDied
from queenlib.hives.catalog import LOCAL, HiveCatalog
from queenlib.hives.loader import EMBED_CONTEXT
from queenlib.hives.room import ENGINE_BYTES, STEP_BYTES
from queenlib.hives.worker import Worker
from queenlib.messages.events import Log
from queenlib.messages.worker import WorkerSpawn, WorkerState
from queenlib.models.catalog import DEMO_MODEL
from tests.hives.yard import ANT, LOADS_LONG, QUICK, ant, ask, embed, every, ours, spawn, until


async def test_same_wanted_by_many_is_brought_once(hives: HiveCatalog) -> None:
    """Each sees the whole load and gets the same worker; one that is there is given at once."""
    model = "sim:words?load_s=0.3"
    wanted = WorkerSpawn(model=model, hive_id=ANT, name="w")
    all_steps = await asyncio.gather(*(every(hives.spawn(wanted)) for _ in range(8)))
    assert all(steps == all_steps[0] for steps in all_steps)
    assert await every(hives.spawn(wanted)) == all_steps[0][-1:]
    assert len(ant(hives).workers.all()) == 1


async def test_leaving_takes_a_load_from_nobody(hives: HiveCatalog) -> None:
    """Some of those who wait are cancelled and the others get their answer."""
    askers = [ask(hives, "sim:words?load_s=0.5&tokens=2") for _ in range(6)]
    await until(lambda: all(asker.told("loads") for asker in askers))
    for asker in askers[::2]:
        await asker.cancel()
    assert all([await asker.task for asker in askers[1::2]])
    assert [worker.state for worker in ant(hives).workers.all()] == ["ready"]


async def test_last_who_leaves_ends_the_load(hives: HiveCatalog) -> None:
    """When the cancel returns the process is gone; who asks then starts anew."""
    askers = [ask(hives, LOADS_LONG) for _ in range(3)]
    await until(lambda: all(asker.told("loads") for asker in askers))
    await asyncio.gather(*(asker.cancel() for asker in askers))
    (worker,) = ant(hives).workers.all()
    assert (worker.state, worker.info().reason) == ("stopped", "its load was broken off")
    assert len(ours()) == 1  # the guardian
    again = ask(hives, LOADS_LONG)
    await until(lambda: again.told("loads"))
    await again.cancel()
    assert len(ant(hives).workers.all()) == 2


async def test_failed_load_fails_for_each_and_is_not_inherited(hives: HiveCatalog) -> None:
    """All who waited get the error; the next one tries for itself."""
    model = "sim:words?crash_load=1&load_s=0.2"
    errors = await asyncio.gather(*(asker.fails() for asker in [ask(hives, model) for _ in range(5)]))
    assert {type(error) for error in errors} == {WorkerDied}
    assert len(ant(hives).workers.all()) == 1
    await ask(hives, model).fails()
    assert [worker.state for worker in ant(hives).workers.all()] == ["failed", "failed"]


async def test_name_is_taken_from_the_first_moment(hives: HiveCatalog) -> None:
    """Two who want something else by the same name at the same time: one gets it, the other is told."""
    tries = [spawn(hives, QUICK, name="w", slots=slots) for slots in (1, 2)]
    first, second = await asyncio.gather(*tries, return_exceptions=True)
    assert isinstance(first, Worker)
    assert isinstance(second, NameTaken)
    assert all((second.what, second.why, second.state, second.next))
    with pytest.raises(NameTaken, match="has a worker w already"):
        await spawn(hives, "sim:echo", name="w")
    assert ant(hives).workers.all() == (first,)


async def test_name_is_free_again_after_a_failure(hives: HiveCatalog) -> None:
    """A worker that could not be loaded does not keep its name."""
    with pytest.raises(EngineError, match="asked to fail"):
        await spawn(hives, "sim:words?fail_load=1", name="w")
    assert (await spawn(hives, QUICK, name="w")).state is WorkerState.READY


@pytest.mark.parametrize("model", ["sim:wordz", "sim:words?token=3"])
async def test_model_that_cannot_be_simulated_leaves_no_worker(hives: HiveCatalog, model: str) -> None:
    """It is found out before anything is started."""
    assert isinstance(await ask(hives, model).fails(), UnknownModel)
    assert ant(hives).workers.all() == ()


async def test_unknown_device_is_the_same_error_for_both(hives: HiveCatalog) -> None:
    """Asking or spawning: the devices that there are, and nothing was started."""
    asked = await ask(hives, QUICK, device="cuda:9").fails()
    with pytest.raises(UnknownDevice) as spawned:
        await spawn(hives, QUICK, device="cuda:9")
    assert isinstance(asked, UnknownDevice)
    assert asked.problem() == spawned.value.problem()
    assert asked.known == ["cpu", "gpu:0"]
    assert ant(hives).workers.all() == ()


async def test_device_is_the_one_that_was_asked_for(hives: HiveCatalog) -> None:
    """A worker elsewhere does not do: another is started; unsaid, any does."""
    there = await spawn(hives, QUICK, device="cpu")
    askers = [ask(hives, QUICK), ask(hives, QUICK, device="gpu:0")]
    assert all([await asker.task for asker in askers])
    held = [asker.held.worker for asker in askers if asker.held]
    assert held[0] is there
    assert (held[1].device, held[1].spec.gpu_layers) == ("gpu:0", -1)


async def test_threads_stay_within_the_cores(hives: HiveCatalog) -> None:
    """More than there are cannot be had."""
    assert (await spawn(hives, QUICK, threads=1000)).spec.threads == ant(hives).machine.cores
    assert (await spawn(hives, QUICK)).spec.threads == 1


async def test_real_engine_gets_the_free_cores_and_answers(hives: HiveCatalog, real_model_path: Path) -> None:
    """Unsaid, all cores but one that nobody has yet, and one at least; a load that is left ends with its process."""
    model = f"file:{real_model_path}"
    leaves = ask(hives, model, hive=LOCAL)
    await until(lambda: leaves.told("llama_cpp loads"))
    await leaves.cancel()
    assert len(ours()) == 1  # the guardian
    local = hives.get(LOCAL)
    await every(hives.spawn(WorkerSpawn(model=QUICK, name="sim")))
    asker = ask(hives, model, hive=LOCAL, most=3)
    assert await asker.task
    assert asker.held
    spec = asker.held.worker.spec
    assert spec.threads == max(1, local.machine.cores - 1 - local.workers.get("sim").spec.threads)
    assert (spec.size, spec.path) == (real_model_path.stat().st_size, real_model_path)
    assert any(isinstance(step, Log) and "ready after" in step.text for step in asker.steps)


async def test_made_up_machine_has_no_real_engine(hives: HiveCatalog) -> None:
    """It is told before anything is fetched."""
    error = await ask(hives, DEMO_MODEL).fails()
    assert type(error) is EngineError
    assert "simulated hive" in error.why


async def test_a_worker_for_vectors_is_one_of_its_own(hives: HiveCatalog) -> None:
    """Beside that which answers, with a context for short texts; what loads for the one is not waited for by the other."""
    asker = ask(hives, "sim:words?load_s=0.3&tokens=2")
    await until(lambda: asker.told("loads"))
    made = await embed(hives, "sim:words?load_s=0.3&tokens=2", "a", "b")
    assert made.dimensions == 384
    assert await asker.task
    answers, vectors = ant(hives).workers.all()
    assert (answers.embeds, vectors.embeds) == (False, True)
    assert (vectors.spec.context, vectors.spec.slots, vectors.spec.args.embeddings) == (EMBED_CONTEXT, 2, "model")
    await embed(hives, "sim:words?load_s=0.3&tokens=2", "c")
    assert len(ant(hives).workers.all()) == 2


@pytest.mark.parametrize(("asked", "is_"), [("model", "mean"), ("last", "last")])
async def test_a_file_that_does_not_say_how_gets_the_mean(
    hives: HiveCatalog, real_model_path: Path, asked: str, is_: str
) -> None:
    """Unless it is said otherwise; the worker's memory is reckoned with what a whole text in one step takes."""
    args = {"embeddings": asked}
    given = {"model": f"file:{real_model_path}", "context": 256, "slots": 1, "threads": 1, "engine_args": args}
    *_, worker = await every(hives.spawn(WorkerSpawn.model_validate(given)))
    assert isinstance(worker, Worker)
    assert worker.spec.args.embeddings == is_
    need = real_model_path.stat().st_size + 256 * 2 * 5760 * 2 + ENGINE_BYTES + 256 * STEP_BYTES
    assert worker.spec.need == need
    made = await embed(hives, worker.model, "word " * 200, hive=LOCAL)
    assert made.dimensions == 576
    taken = worker.info().memory
    assert taken is not None
    assert 0.7 < taken / need < 1.3
