"""Idle workers: stopped after their time or when that is wanted, and loaded again as they were."""

from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from queenlib.engines.connection import Patience
from queenlib.hives.catalog import HiveCatalog
from queenlib.hives.idle import FIRST_USE_S, stop_idle
from queenlib.hives.worker import Worker
from queenlib.hives.workers import KEEP_ALIVE_S
from queenlib.messages.worker import KeepAlive, WorkerState
from tests.hives.leaping import Leaping
from tests.hives.yard import ANT, ENDLESS, QUICK, ant, ask, every, generating, ours, pid, spawn, until, yard

WORLD = Leaping()


@pytest.fixture
async def hives(tmp_path: Path) -> AsyncIterator[HiveCatalog]:
    """This machine and `ant`, in a world that leaps."""
    async with yard(tmp_path, world=WORLD, patience=Patience(first_token_s=1e6, between_tokens_s=1e6)) as made:
        yield made


async def left(worker: Worker) -> None:
    """Wait until a worker has ended."""
    await until(lambda: worker.ended)
    assert not psutil.pid_exists(pid(worker))


async def test_ten_idle_workers_are_gone_after_their_time(hives: HiveCatalog) -> None:
    """Just before ten minutes all are there, just after it none; each says why, and one that is asked for comes again."""
    for number in range(10):
        await spawn(hives, f"sim:words?tokens=2&seed={number}", name=f"w{number}", context=256)
    workers = ant(hives).workers.all()
    await WORLD.leap(KEEP_ALIVE_S - 60)
    assert {worker.state for worker in workers} == {WorkerState.READY}
    await WORLD.leap(61)
    await until(lambda: all(worker.ended for worker in workers))
    assert len(ours()) == 1  # the guardian
    assert {worker.info().reason for worker in workers} == {"nobody used it for its keep_alive; the next use loads it again"}
    again = ask(hives, "sim:words?tokens=2&seed=7", most=2)
    assert await again.task
    assert again.held is not None
    assert (again.held.worker.id, again.held.worker.spec.context) == ("w7", 256)


async def test_use_begins_the_time_anew(hives: HiveCatalog) -> None:
    """A worker that was used a minute ago is kept, and one that is in use is, however long."""
    used, busy = await spawn(hives, QUICK), await spawn(hives, ENDLESS)
    asker = ask(hives, ENDLESS)
    await generating(asker)
    await WORLD.leap(KEEP_ALIVE_S - 5)
    await ask(hives, QUICK).task
    await WORLD.leap(60)
    assert (used.state, busy.state) == ("ready", "busy")
    await asker.cancel()
    assert busy.state is WorkerState.READY
    await WORLD.leap(KEEP_ALIVE_S)
    await left(used)
    await left(busy)


@pytest.mark.parametrize(
    ("given", "leap_s", "ended"), [(30, 31, True), (30, 20, False), ("never", 1e6, False), (0, 1e-3, False)]
)
async def test_each_worker_has_its_own_time(hives: HiveCatalog, given: KeepAlive, leap_s: float, ended: bool) -> None:
    """What `keep_alive` says: seconds, never, or no time at all; but a new one is kept for who had it loaded."""
    worker = await spawn(hives, QUICK, keep_alive=given)
    await WORLD.leap(leap_s)
    assert worker.ended == ended or not ended
    if ended:
        await left(worker)
    assert worker.open == (not ended)


async def test_none_is_kept_after_its_use_with_zero(hives: HiveCatalog) -> None:
    """A `keep_alive` of 0 stops it when the last slot is free; until its first use it is kept a moment."""
    worker = await spawn(hives, QUICK, keep_alive=0)
    assert await ask(hives, QUICK).task
    await left(worker)
    unused = await spawn(hives, "sim:echo", keep_alive=0)
    await WORLD.leap(FIRST_USE_S + 0.1)
    await left(unused)


async def test_the_last_word_counts(hives: HiveCatalog) -> None:
    """A question, a second spawn and the hive itself can say how long a worker is kept; it stays the same worker."""
    worker = await spawn(hives, QUICK, name="w", keep_alive="never")
    assert await spawn(hives, QUICK, name="w", keep_alive=50) is worker
    assert worker.keep_alive == 50
    await ask(hives, QUICK, keep_alive=900).task
    await WORLD.leap(800)
    assert worker.open
    other = await spawn(hives, "sim:echo")
    await WORLD.leap(30)
    hives.update(ANT, keep_alive=20)
    await left(other)
    assert worker.open


async def test_all_idle_ones_at_once(hives: HiveCatalog) -> None:
    """Those in use stay; those that are not are gone with their memory, named ones come again by name."""
    idle = [await spawn(hives, QUICK, name=name, keep_alive="never") for name in ("a", "b")]
    busy = await spawn(hives, ENDLESS)
    asker = ask(hives, ENDLESS)
    await generating(asker)
    steps = await every(stop_idle(ant(hives).workers))
    assert [step for step in steps if isinstance(step, Worker)] == idle
    assert [worker.ended for worker in (*idle, busy)] == [True, True, False]
    again = ask(hives, QUICK, worker_id="b")
    assert await again.task
    assert again.told("loads")
    await asker.cancel()


async def test_who_was_stopped_by_name_is_forgotten(hives: HiveCatalog) -> None:
    """Only a worker that was stopped as idle comes again; its name may be given to another meanwhile."""
    await spawn(hives, QUICK, name="w")
    await every(stop_idle(ant(hives).workers))
    other = await spawn(hives, "sim:echo", name="w")
    await every(ant(hives).workers.stop(other, force=False))
    error = await ask(hives, QUICK, worker_id="w").fails()
    assert "there is no such worker" in error.why
