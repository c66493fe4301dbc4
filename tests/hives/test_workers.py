"""Workers are started once, watched and stopped: real processes of the simulated engine."""

import asyncio
import os
import signal

import pytest

from queenlib.errors import UnknownWorker, WorkerDied
from queenlib.hives.catalog import HiveCatalog
from queenlib.hives.workers import KEPT_ENDED
from queenlib.messages.worker import WorkerState
from tests.hives.yard import ENDLESS, LOADS_LONG, QUICK, ant, ask, every, generating, pid, spawn, until

SHORT = "sim:words?tokens=25&tokens_per_s=50"


async def test_worker_that_dies_is_seen(hives: HiveCatalog) -> None:
    """Killed while it does nothing, it is shown as failed with the signal and the end of its log."""
    worker = await spawn(hives, QUICK, name="w")
    os.kill(pid(worker), signal.SIGKILL)
    await until(lambda: worker.ended)
    info = ant(hives).workers.get("w").info()
    assert (info.state, info.pid) == ("failed", None)
    assert "SIGKILL" in info.reason
    assert any("listening" in line for line in info.last_lines)


async def test_stop_waits_for_what_generates(hives: HiveCatalog) -> None:
    """It finishes what it has, takes nothing new, and is gone; two who stop it at once both see that."""
    worker = await spawn(hives, SHORT, name="w", slots=1)
    first = ask(hives, SHORT, worker_id="w")
    await generating(first)
    second = ask(hives, SHORT, worker_id="w")
    workers = ant(hives).workers
    await until(lambda: workers.queue.waiting(worker))
    stops = [asyncio.create_task(every(workers.stop(worker, force=False))) for _ in range(2)]
    assert "draining" in (await second.fails()).why
    assert worker.state is WorkerState.DRAINING
    logs = await asyncio.gather(*stops)
    assert all("finishes 1 generations first" in log[0].text and log[-1].text == "worker w: stopped" for log in logs)
    assert await first.task
    assert (worker.state, worker.info().reason, len(first.tokens)) == ("stopped", "it was told to stop", 25)
    with pytest.raises(UnknownWorker):
        workers.get("w")


async def test_cancelled_stop_is_called_off(hives: HiveCatalog) -> None:
    """When nobody wants the stop any more the worker takes work again; the generation never noticed."""
    worker = await spawn(hives, ENDLESS, name="w", slots=2)
    busy = ask(hives, ENDLESS)
    await generating(busy)
    workers = ant(hives).workers
    stops = [asyncio.create_task(every(workers.stop(worker, force=False))) for _ in range(2)]
    await until(lambda: worker.state is WorkerState.DRAINING)
    for stop in stops:
        assert worker.state is WorkerState.DRAINING
        stop.cancel()
        await asyncio.wait({stop})
    assert worker.state is WorkerState.BUSY
    other = ask(hives, ENDLESS)
    assert await generating(other) is worker
    await asyncio.gather(busy.cancel(), other.cancel())


async def test_force_ends_a_stop_that_waits(hives: HiveCatalog) -> None:
    """The generation ends in an error that says why; the one who waited for it sees the worker stopped."""
    worker = await spawn(hives, ENDLESS, name="w")
    busy = ask(hives, ENDLESS)
    await generating(busy)
    workers = ant(hives).workers
    waiting = asyncio.create_task(every(workers.stop(worker, force=False)))
    await until(lambda: worker.state is WorkerState.DRAINING)
    await every(workers.stop(worker, force=True))
    error = await busy.fails()
    assert isinstance(error, WorkerDied)
    assert "stopped by force" in error.what
    assert (await waiting)[-1].text == "worker w: stopped"
    assert worker.state is WorkerState.STOPPED


async def test_worker_that_loads_can_be_stopped(hives: HiveCatalog) -> None:
    """Whoever waits for it is told that it was stopped, not that memory ran out."""
    asker = ask(hives, LOADS_LONG)
    await until(lambda: any(worker.state is WorkerState.LOADING for worker in ant(hives).workers.all()))
    (worker,) = ant(hives).workers.all()
    await every(ant(hives).workers.stop(worker, force=False))
    error = await asker.fails()
    assert isinstance(error, WorkerDied)
    assert "it was told to stop" in error.what
    assert ant(hives).workers.all() == ()


async def test_worker_that_is_being_started_can_be_stopped(hives: HiveCatalog) -> None:
    """Between its name and its process there is a moment: what is told then is done, and nothing is left."""
    await every(ant(hives).start())
    task = asyncio.create_task(spawn(hives, LOADS_LONG, name="w"))
    await until(lambda: ant(hives).workers.find("w"))
    worker = ant(hives).workers.get("w")
    assert worker.process is None
    await every(ant(hives).workers.stop(worker, force=True))
    with pytest.raises(WorkerDied, match="stopped by force"):
        await task
    assert worker.state is WorkerState.STOPPED


async def test_name_of_one_that_drains_is_free_when_it_has_ended(hives: HiveCatalog) -> None:
    """The same again waits for the old one to end; the old one's end does not take the new one away."""
    old = await spawn(hives, SHORT, name="w", slots=1)
    busy = ask(hives, SHORT)
    await generating(busy)
    stop = asyncio.create_task(every(ant(hives).workers.stop(old, force=False)))
    await until(lambda: old.state is WorkerState.DRAINING)
    new = await spawn(hives, SHORT, name="w", slots=1)
    await asyncio.gather(stop, busy.task)
    assert (old.state, new.state, len(busy.tokens)) == ("stopped", "ready", 25)
    assert ant(hives).workers.get("w") is new


async def test_one_whose_stop_is_called_off_keeps_its_name(hives: HiveCatalog) -> None:
    """Whoever waited for the name gets the worker itself."""
    old = await spawn(hives, ENDLESS, name="w", slots=1)
    busy = ask(hives, ENDLESS)
    await generating(busy)
    stop = asyncio.create_task(every(ant(hives).workers.stop(old, force=False)))
    await until(lambda: old.state is WorkerState.DRAINING)
    again = asyncio.create_task(spawn(hives, ENDLESS, name="w", slots=1))
    await asyncio.sleep(0.05)
    stop.cancel()
    assert await again is old
    await busy.cancel()


async def test_only_the_last_of_those_that_ended_are_shown(hives: HiveCatalog) -> None:
    """A worker that fails for ever does not make the list grow for ever."""
    await asyncio.gather(*(ask(hives, f"sim:words?fail_load=1&seed={n}").fails() for n in range(KEPT_ENDED + 2)))
    infos = ant(hives).workers.infos()
    assert len(infos) == KEPT_ENDED
    assert {(info.state, info.reason) for info in infos} == {("failed", "could not load: it was asked to fail")}
