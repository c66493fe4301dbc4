"""A hive starts when it is needed, stops when it is told to, and knows when its guardian has died."""

import asyncio
import os
import signal
from pathlib import Path

import psutil
import pytest

from queenlib.errors import EngineError, HiveStopped, WorkerDied
from queenlib.hives.catalog import HiveCatalog
from queenlib.hives.hive import Hive
from queenlib.messages.events import Log
from queenlib.messages.hive import HiveState
from tests.hives.yard import (
    ENDLESS,
    LOADS_LONG,
    QUICK,
    Hurried,
    ant,
    ask,
    every,
    generating,
    guardian,
    ours,
    spawn,
    until,
    yard,
)  # fmt: skip


def state(hive: Hive) -> HiveState:
    """What it says that it does."""
    return hive.info().state


async def test_many_start_it_once(hives: HiveCatalog) -> None:
    """It has one guardian, and each who started it has that in its log."""
    hive = ant(hives)
    assert state(hive) is HiveState.STOPPED
    logs = await asyncio.gather(*(every(hive.start(by_hand=n % 2 == 0)) for n in range(6)))
    assert sum(log == [Log(text="hive ant: started")] for log in logs) >= 3
    assert (state(hive), len(ours())) == ("ready", 1)
    assert await every(hive.start()) == []


async def test_guardian_that_is_killed(hives: HiveCatalog) -> None:
    """Hive and workers fail with the reason, who generates or loads gets a typed error; the next use starts it anew."""
    generates, loads = ask(hives, ENDLESS), ask(hives, LOADS_LONG)
    await generating(generates)
    await until(lambda: loads.told("loads"))
    before = ant(hives).info().since
    os.kill(guardian().pid, signal.SIGKILL)
    for asker in (generates, loads):
        error = await asker.fails()
        assert isinstance(error, WorkerDied)
        assert "its guardian ended (killed by SIGKILL" in error.what
    await until(lambda: state(ant(hives)) is HiveState.FAILED)
    info = ant(hives).info()
    assert "guardian ended" in info.reason
    assert info.since > before
    assert {worker.state for worker in info.workers} == {"failed"}
    assert ours() == []
    again = ask(hives, QUICK)
    assert await again.task
    assert again.told("hive ant: started")
    assert (state(ant(hives)), ant(hives).info().reason) == ("ready", "")


async def test_guardian_that_cannot_be_started(hives: HiveCatalog, tmp_path: Path) -> None:
    """The hive says why, the error has four parts, and when the cause is gone it starts."""
    log = tmp_path / "logs" / "ant" / "guardian.log"
    log.mkdir()
    error = await ask(hives).fails()
    assert isinstance(error, EngineError)
    assert "could not be started" in error.what
    assert (state(ant(hives)), "guardian.log" in ant(hives).info().reason) == ("failed", True)
    log.rmdir()
    assert await ask(hives).task


async def test_stopped_by_hand_stays_stopped(hives: HiveCatalog) -> None:
    """Nothing of it runs, and only a start by hand changes that; stopping it again changes nothing."""
    assert await ask(hives).task
    hive = ant(hives)
    assert (await every(hive.stop(force=False)))[-1] == Log(text="hive ant: stopped")
    assert (await every(hive.stop(force=True)), state(hive), ours()) == ([], "stopped", [])
    assert isinstance(await ask(hives).fails(), HiveStopped)
    with pytest.raises(HiveStopped):
        await spawn(hives, QUICK)
    await every(hive.start(by_hand=True))
    assert await ask(hives).task


async def test_two_who_stop_it_at_once(hives: HiveCatalog) -> None:
    """Both return when it has stopped; a forced one does not wait for the other."""
    await generating(busy := ask(hives, ENDLESS))
    hive = ant(hives)
    waits = asyncio.create_task(every(hive.stop(force=False)))
    await until(lambda: state(hive) is HiveState.STOPPING)
    await asyncio.gather(every(hive.stop(force=True)), every(hive.stop(force=False)), waits)
    assert isinstance(await busy.fails(), WorkerDied)
    assert (state(hive), hive.info().workers, ours()) == ("stopped", (), [])


async def test_cancelled_stop_is_called_off(hives: HiveCatalog) -> None:
    """It goes on as before: what generates never noticed, and others may ask again."""
    await generating(busy := ask(hives, ENDLESS))
    stop = asyncio.create_task(every(ant(hives).stop(force=False)))
    await until(lambda: any(worker.state == "draining" for worker in ant(hives).info().workers))
    assert isinstance(await ask(hives, ENDLESS).fails(), HiveStopped)
    stop.cancel()
    await asyncio.wait({stop})
    assert state(ant(hives)) is HiveState.READY
    worker = await generating(other := ask(hives, ENDLESS))
    assert worker.busy == {0, 1}
    await asyncio.gather(busy.cancel(), other.cancel())


async def test_stop_that_is_cancelled_early_is_called_off_too(hives: HiveCatalog) -> None:
    """Cancelled while it waits for a load to be broken off, or for another stop: nothing is shut afterwards."""
    loads = ask(hives, LOADS_LONG)
    await until(lambda: loads.told("loads"))
    stop = asyncio.create_task(every(ant(hives).stop(force=False)))
    await asyncio.sleep(0)
    assert not ant(hives).open
    stop.cancel()
    await asyncio.wait({stop})
    assert isinstance(await loads.fails(), HiveStopped)
    await generating(busy := ask(hives, ENDLESS))
    stops = [asyncio.create_task(every(ant(hives).stop(force=False))) for _ in range(2)]
    await until(lambda: state(ant(hives)) is HiveState.STOPPING)
    for stop in reversed(stops):
        assert not ant(hives).open
        stop.cancel()
        await asyncio.wait({stop})
    assert await ask(hives).task
    await busy.cancel()


async def test_start_while_it_stops(hives: HiveCatalog) -> None:
    """A start by hand waits for the stop and then starts it; until then it takes nothing."""
    model = "sim:words?tokens=20&tokens_per_s=50"
    await generating(busy := ask(hives, model))
    hive = ant(hives)
    stop = asyncio.create_task(every(hive.stop(force=False)))
    await until(lambda: state(hive) is HiveState.STOPPING)
    start = asyncio.create_task(every(hive.start(by_hand=True)))
    assert isinstance(await ask(hives).fails(), HiveStopped)
    assert len((await busy.task).split()) == 20
    await stop
    await start
    assert (state(hive), len(ours())) == ("ready", 1)


@pytest.mark.parametrize("turns", [0, 2, 10])
async def test_stop_while_it_starts(hives: HiveCatalog, turns: int) -> None:
    """Whoever needs it is told, at whichever moment the stop comes, and no process is left."""
    asker = ask(hives, LOADS_LONG)
    while state(ant(hives)) is HiveState.STOPPED:
        await asyncio.sleep(0)
    for _ in range(turns):
        await asyncio.sleep(0)
    await every(ant(hives).stop(force=False))
    assert isinstance(await asker.fails(), HiveStopped)
    assert (state(ant(hives)), ours()) == ("stopped", [])


@pytest.mark.parametrize("turns", [3, 12])
async def test_stop_while_a_worker_is_brought(hives: HiveCatalog, turns: int) -> None:
    """The same when the guardian is there already, and the first worker is on its way."""
    await every(ant(hives).start())
    asker = ask(hives, LOADS_LONG)
    for _ in range(turns):
        await asyncio.sleep(0)
    await every(ant(hives).stop(force=False))
    assert isinstance(await asker.fails(), HiveStopped)
    assert (state(ant(hives)), ours()) == ("stopped", [])


async def test_cancelled_start_leaves_nothing(hives: HiveCatalog) -> None:
    """The only one who wanted it is cancelled: it is stopped, and can be started."""
    start = asyncio.create_task(every(ant(hives).start()))
    while state(ant(hives)) is HiveState.STOPPED:
        await asyncio.sleep(0)
    start.cancel()
    await asyncio.wait({start})
    assert state(ant(hives)) is HiveState.STOPPED
    assert await ask(hives).task
    assert len(ours()) == 2


async def test_closed_for_good(hives: HiveCatalog) -> None:
    """Closed under those who generate, load and wait: each is told, nothing is left, and nobody can start it again."""
    await spawn(hives, ENDLESS, slots=1)
    await generating(busy := ask(hives, ENDLESS))
    waits, loads = ask(hives, ENDLESS), ask(hives, LOADS_LONG)
    await until(lambda: waits.told("slot: 0 ahead") and loads.told("loads"))
    hive = ant(hives)
    draining = asyncio.create_task(every(hive.stop(force=False)))
    await until(lambda: state(hive) is HiveState.STOPPING)
    await asyncio.gather(hive.close(), hive.close())
    await draining
    errors = [await asker.fails() for asker in (busy, waits, loads)]
    assert [type(error) for error in errors] == [WorkerDied, HiveStopped, HiveStopped]
    assert "its hive was stopped" in errors[0].what
    assert (state(hive), ours()) == ("stopped", [])
    with pytest.raises(HiveStopped):
        await every(hive.start(by_hand=True))


async def test_stopped_guardian_does_not_hold_up_a_close(tmp_path: Path) -> None:
    """A guardian that is stopped (SIGSTOP) is killed with all of its workers."""
    async with yard(tmp_path, world=Hurried()) as hives:
        await generating(busy := ask(hives, ENDLESS))
        found = guardian()
        found.suspend()
        await ant(hives).close()
        assert isinstance(await busy.fails(), WorkerDied)
        assert not psutil.pid_exists(found.pid)
