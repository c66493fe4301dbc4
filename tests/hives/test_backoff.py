"""A crash makes the next start wait, in the open, and longer each time."""

import asyncio
import os
import signal
from itertools import pairwise

from queenlib.errors import WorkerDied
from queenlib.hives.backoff import FIRST_S, FORGOTTEN_S, MOST_S, Backoff
from queenlib.hives.catalog import HiveCatalog
from queenlib.messages.events import Waiting, Working
from tests.hives.leaping import Leaping
from tests.hives.yard import ANT, ENDLESS, QUICK, ant, ask, every, generating, pid, spawn, until


async def test_waits_grow_to_a_bound() -> None:
    """Each crash doubles the wait; it never is longer than a minute, and what worked begins anew."""
    world = Leaping()
    backoff, waits = Backoff(world), []
    assert backoff.left_s("m") <= 0
    for _ in range(10):
        backoff.crashed("m", "killed")
        waits.append(round(backoff.left_s("m"), 1))
        await world.leap(waits[-1] + 0.1)
    assert waits[:3] == [FIRST_S, 2 * FIRST_S, 4 * FIRST_S]
    assert waits[-1] == MOST_S
    assert all(before <= after for before, after in pairwise(waits))
    backoff.worked("m")
    backoff.crashed("m", "killed")
    assert round(backoff.left_s("m"), 1) == FIRST_S


async def test_crashes_together_count_once() -> None:
    """Several workers that die of one thing make one crash; one of long ago is forgotten, another model's is its own."""
    world = Leaping()
    backoff = Backoff(world)
    for _ in range(5):
        backoff.crashed("m", "killed")
    assert round(backoff.left_s("m"), 1) == FIRST_S
    assert backoff.left_s("n") <= 0
    await world.leap(FORGOTTEN_S + 1)
    backoff.crashed("m", "killed")
    assert round(backoff.left_s("m"), 1) == FIRST_S


async def test_the_wait_is_told() -> None:
    """Its reason has how often and why, and it ends with `Working`; without a crash nothing is said."""
    backoff = Backoff(Leaping())
    assert await every(backoff.wait("m")) == []
    backoff.crashed("m", "killed by SIGSEGV")
    waiting, working = await every(backoff.wait("m"))
    assert isinstance(waiting, Waiting)
    assert waiting.reason.startswith("backoff: m crashed once (killed by SIGSEGV), started again in 0.")
    assert isinstance(working, Working)


async def test_next_use_after_a_crash_waits(hives: HiveCatalog) -> None:
    """Whoever asks after a worker was killed sees what is waited for, then gets an answer; that makes it forgotten."""
    asker = ask(hives, ENDLESS)
    worker = await generating(asker)
    os.kill(pid(worker), signal.SIGKILL)
    assert isinstance(await asker.fails(), WorkerDied)
    again = ask(hives, ENDLESS)
    await until(lambda: again.told("backoff: "))
    assert again.told("crashed once (killed by SIGKILL")
    await generating(again)
    assert again.told("load: ")
    await again.cancel()
    model = f"{QUICK}&crash_at_token=3"
    for most in (5, 1):
        await spawn(hives, model, name="w")
        asker = ask(hives, model, most=most)
        await asyncio.gather(asker.task, return_exceptions=True)
        assert (ant(hives).workers.backoff.left_s(model) > 0) == (most == 5)
        await until(lambda: ant(hives).workers.backoff.left_s(model) <= 0)


async def test_orderly_ends_are_no_crashes(hives: HiveCatalog) -> None:
    """A worker that is stopped, and a load that is cancelled, make nobody wait."""
    worker = await spawn(hives, QUICK)
    await every(ant(hives).workers.stop(worker, force=True))
    asker = ask(hives, "sim:words?load_s=60")
    await until(lambda: asker.told("loads"))
    await asker.cancel()
    backoff = hives.get(ANT).workers.backoff
    assert max(backoff.left_s(QUICK), backoff.left_s("sim:words?load_s=60")) <= 0
