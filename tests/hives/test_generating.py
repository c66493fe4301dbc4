"""A generation ends with its answer, an error, or the proof that it has stopped; a worker that fails is not used on."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from queenlib.engines.connection import Patience
from queenlib.errors import PromptTooLong, WorkerDied, WorkerStalled
from queenlib.hives.catalog import HiveCatalog
from queenlib.hives.pids import Pid
from queenlib.messages.worker import EngineArgs, WorkerState
from tests.hives.yard import ENDLESS, QUICK, Hurried, ant, ask, embed, generating, pid, spawn, until, yard

EMBEDS = EngineArgs(embeddings="model")


async def test_worker_killed_while_it_generates(hives: HiveCatalog) -> None:
    """The error has the signal and the log's end; what came stays; the next who asks gets a new worker."""
    asker = ask(hives, ENDLESS)
    worker = await generating(asker)
    os.kill(pid(worker), signal.SIGKILL)
    error = await asker.fails()
    assert isinstance(error, WorkerDied)
    assert (error.signal, error.exit_code) == ("SIGKILL", None)
    assert error.last_lines
    again = ask(hives, ENDLESS)
    assert await generating(again) is not worker
    await again.cancel()


async def test_refusal_is_no_illness(hives: HiveCatalog) -> None:
    """A prompt that does not fit is the asker's affair: the worker stays in use."""
    worker = await spawn(hives, QUICK, context=64)
    assert isinstance(await ask(hives, QUICK).fails(), PromptTooLong)
    assert (worker.state, worker.retired) == ("ready", False)
    assert await ask(hives, QUICK, most=10).task


@pytest.mark.parametrize(
    "fault", ["stall_at_token=3", "stall_at_token=1", "drip_at_token=2", "blank_at_token=2", "mute_from=1", "wedge=1"]
)
async def test_worker_that_stalls_alone_is_taken_down(hasty: HiveCatalog, fault: str) -> None:
    """Its asker gets what came and a typed error; the worker fails with that reason, and the next one is another."""
    model = f"sim:words?{fault}"
    asker = ask(hasty, model)
    error = await asker.fails()
    assert isinstance(error, WorkerStalled)
    assert len(asker.tokens) <= 2
    assert asker.held
    worker = asker.held.worker
    await until(lambda: worker.ended)
    assert (worker.state, worker.info().reason) == ("failed", error.what)
    again = ask(hasty, model)
    await until(lambda: again.held)
    assert again.held
    assert again.held.worker is not worker
    await again.cancel()


async def test_worker_that_stalls_beside_others_drains(hasty: HiveCatalog) -> None:
    """It takes nothing new, its other generation finishes, and then it is taken down."""
    model = "sim:words?tokens=60&tokens_per_s=30&stall_at_token=30"
    worker = await spawn(hasty, model, name="w", slots=2)
    stalls = ask(hasty, model)
    await generating(stalls)
    await until(lambda: len(stalls.tokens) >= 15 or stalls.task.done())
    neighbour = ask(hasty, model, most=29)
    await generating(neighbour)
    assert isinstance(await stalls.fails(), WorkerStalled)
    info = worker.info()
    assert (info.state, "gave nothing" in info.reason) == ("draining", True)
    assert len((await neighbour.task).split()) == 29
    await until(lambda: worker.ended)
    assert worker.state is WorkerState.FAILED


async def test_cancel_is_proven_by_the_death_of_a_worker_that_does_not_stop(hasty: HiveCatalog) -> None:
    """Both who are alone on a stopped worker leave it: it is killed, and each has ended when the cancel returns."""
    worker = await spawn(hasty, ENDLESS, name="w", slots=2)
    askers = [ask(hasty, ENDLESS) for _ in range(2)]
    for asker in askers:
        await generating(asker)
    process = Pid.of(pid(worker))
    os.kill(process.number, signal.SIGSTOP)
    await asyncio.gather(*(asker.cancel() for asker in askers))
    assert not process.alive()
    assert worker.state is WorkerState.FAILED
    assert "did not stop" in worker.info().reason


async def test_worker_with_others_on_it_is_not_killed(tmp_path: Path) -> None:
    """Who leaves waits until its slot is idle; the other generation comes to its end; the slot is never given away."""
    model = "sim:words?tokens=36&tokens_per_s=30"
    patience = Patience(answer_s=0.3, begin_s=0.3, stop_s=0.3)
    async with yard(tmp_path, patience=patience) as hives:
        worker = await spawn(hives, model, name="w", slots=2)
        leaves, stays = ask(hives, model), ask(hives, model)
        for asker in (leaves, stays):
            await generating(asker)
        os.kill(pid(worker), signal.SIGSTOP)
        leaving = asyncio.create_task(leaves.cancel())
        await until(lambda: worker.retired)
        assert (worker.state, len(worker.busy)) == ("draining", 2)
        assert not leaving.done()
        os.kill(pid(worker), signal.SIGCONT)
        await leaving
        assert len((await stays.task).split()) == 36
        await until(lambda: worker.ended)
        assert ant(hives).workers.queue.waiting(worker) == 0


async def test_line_that_breaks_without_a_death(tmp_path: Path) -> None:
    """A worker that cannot be reached though its process is there is not used on."""
    async with yard(tmp_path, world=Hurried()) as hives:
        worker = await spawn(hives, QUICK, name="w")
        worker.connection = worker.engine.connect("http://127.0.0.1:9", "k", 4096, "w")
        assert isinstance(await ask(hives, QUICK).fails(), WorkerDied)
        await until(lambda: worker.ended)
        assert (worker.state, "Its process is there" in worker.info().reason) == ("failed", True)


async def test_worker_killed_while_it_makes_vectors(hives: HiveCatalog) -> None:
    """The error has the signal; the next who asks gets a new worker."""
    model = "sim:words?prefill_ms=2000"
    worker = await spawn(hives, model, engine_args=EMBEDS)
    work = asyncio.create_task(embed(hives, model, "a", "b"))
    await until(lambda: bool(worker.busy))
    await asyncio.sleep(0.1)
    os.kill(pid(worker), signal.SIGKILL)
    with pytest.raises(WorkerDied) as caught:
        await work
    assert caught.value.signal == "SIGKILL"
    assert worker.ended


async def test_vectors_that_are_left_have_stopped(hasty: HiveCatalog) -> None:
    """A worker that is through soon stays; one that goes on is ended."""
    for model, stays in (("sim:words?prefill_ms=50", True), ("sim:words?prefill_ms=60000", False)):
        worker = await spawn(hasty, model, engine_args=EMBEDS)
        work = asyncio.create_task(embed(hasty, model, "a", "b"))
        await until(lambda worker=worker: bool(worker.busy))  # type: ignore[misc]
        await asyncio.sleep(0.05)
        work.cancel()
        await asyncio.wait({work})
        assert work.cancelled()
        assert (worker.ended, worker.busy) == (not stays, frozenset())


async def test_worker_that_is_silent_about_vectors_is_taken_down(hasty: HiveCatalog) -> None:
    """Its asker gets a typed error, and it gets nothing new."""
    model = "sim:words?mute_from=1"
    worker = await spawn(hasty, model, engine_args=EMBEDS)
    with pytest.raises(WorkerStalled):
        await embed(hasty, model, "a")
    assert worker.retired
    await until(lambda: worker.ended)
