"""The inbox: what came together is written together, a lone deed never waits, and everybody gets his answer."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from queenlib.registry.sqlite.inbox import BATCH, WINDOW_S, Deed, Inbox, answer
from queenlib.world import World


@dataclass(frozen=True)
class Told(World):
    """A world whose clock goes on by a bit with each look at it, and in which something may happen meanwhile."""

    step_s: float = 0.0
    looks: list[float] = field(default_factory=list)
    happens: list[Callable[[], Any]] = field(default_factory=list)

    def monotonic(self) -> float:
        """Seconds."""
        self.looks.append(len(self.looks) * self.step_s)
        now = self.looks[-1]
        if self.happens:
            self.happens.pop(0)()
        return now


def deed(name: object = None) -> Deed:
    """A deed that does nothing, with a name."""
    return Deed(lambda _: name, answer=name)


def filled(world: World, count: int) -> tuple[Inbox, list[Deed]]:
    """An inbox with so many deeds in it."""
    inbox, deeds = Inbox(world), [deed(n) for n in range(count)]
    for each in deeds:
        inbox.put(each)
    return inbox, deeds


async def test_what_is_there_is_one_batch_in_its_order() -> None:
    """Deeds that came while the writer was at work go together."""
    inbox, deeds = filled(World(), 5)
    assert inbox.gather() == deeds
    assert not inbox.closed


async def test_a_lone_deed_waits_for_nobody() -> None:
    """Where nobody came during the last commit, the clock is not even asked."""
    world = Told()
    inbox, deeds = filled(world, 1)
    asked = len(world.looks)
    late = deed("late")
    world.happens.append(lambda: inbox.put(late))
    assert inbox.gather() == deeds
    assert len(world.looks) == asked


async def test_a_crowd_is_waited_for() -> None:
    """Where somebody came during the last commit, who comes within the window after the first goes with it."""
    world = Told()
    inbox, deeds = filled(world, 2)
    inbox.look()
    late = deed("late")
    world.happens.append(lambda: inbox.put(late))
    assert inbox.gather() == [*deeds, late]


async def test_the_window_is_counted_from_the_first() -> None:
    """It is over when the first has waited for so long: then the next commit begins, and who comes later waits for that."""
    world = Told(step_s=WINDOW_S)
    inbox, deeds = filled(world, 2)
    inbox.look()
    late = deed("late")
    world.happens.append(lambda: inbox.put(late))
    assert inbox.gather() == deeds
    assert inbox.gather() == [late]


async def test_the_window_ends_though_more_and_more_come() -> None:
    """A crowd that never ends does not hold up those who were first."""
    world = Told(step_s=WINDOW_S / 10)
    inbox, deeds = filled(world, 1)
    inbox.look()
    world.happens.extend([lambda: inbox.put(deed("late"))] * 200)
    batch = inbox.gather()
    assert batch[0] is deeds[0]
    assert 1 < len(batch) < 20


async def test_a_crowd_that_has_gone_is_not_waited_for() -> None:
    """After each commit it is looked again."""
    world = Told()
    inbox, deeds = filled(world, 1)
    inbox.look()
    assert inbox.gather() == deeds
    inbox.look()
    alone = deed("alone")
    inbox.put(alone)
    asked = len(world.looks)
    assert inbox.gather() == [alone]
    assert len(world.looks) == asked


async def test_a_batch_has_an_end() -> None:
    """No transaction takes more than so many; the others are in the next, and none is lost."""
    inbox, deeds = filled(World(), 2 * BATCH + 10)
    assert [len(inbox.gather()) for _ in range(3)] == [BATCH, BATCH, 10]
    inbox, deeds = filled(World(), BATCH + 1)
    inbox.look()
    assert inbox.gather() == deeds[:BATCH]
    assert inbox.drain(batch := [deed()]) == deeds[BATCH:]
    assert batch[1:] == deeds[BATCH:]


async def test_what_comes_meanwhile_is_added() -> None:
    """A batch that has to be tried again takes along who has come since; only those are told apart."""
    inbox, deeds = filled(World(), 2)
    batch = inbox.gather()
    assert inbox.drain(batch) == []
    late = [deed("late"), deed("later")]
    for each in late:
        inbox.put(each)
    assert inbox.drain(batch) == late
    assert batch == [*deeds, *late]


async def test_an_empty_inbox_is_waited_at() -> None:
    """The writer sleeps until somebody comes, from any thread."""
    inbox, got = Inbox(World()), list[list[Deed]]()
    writer = threading.Thread(target=lambda: got.append(inbox.gather()))
    writer.start()
    assert writer.is_alive()
    only = deed("only")
    inbox.put(only)
    writer.join(20)
    assert got == [[only]]


async def test_what_came_before_the_close_is_still_written() -> None:
    """Then the inbox is closed, and gives an empty batch for ever, without waiting."""
    inbox, deeds = filled(World(), 3)
    inbox.close()
    assert inbox.gather() == deeds
    assert inbox.closed
    assert inbox.gather() == []
    assert inbox.drain([]) == []


async def test_a_close_wakes_the_writer() -> None:
    """Also one that sleeps, and one that waits in the window."""
    inbox = Inbox(World())
    got = list[list[Deed]]()
    writer = threading.Thread(target=lambda: got.append(inbox.gather()))
    writer.start()
    inbox.close()
    writer.join(20)
    assert got == [[]]
    world = Told()
    inbox, deeds = filled(world, 1)
    inbox.look()
    world.happens.append(inbox.close)
    assert inbox.gather() == deeds
    assert inbox.closed


async def test_a_deed_knows_when_it_came() -> None:
    """By the world's clock, in the order of their coming."""
    inbox, deeds = filled(Told(step_s=1.0), 3)
    assert [each.at for each in deeds] == [0.0, 1.0, 2.0]
    assert inbox.gather() == deeds


async def test_everybody_gets_his_own_answer() -> None:
    """An answer or an error, to the one who waits for it."""
    fine, bad = deed("fine"), deed()
    bad.error = OSError("bad")
    answer([fine, bad])
    assert await fine.future == "fine"
    with pytest.raises(OSError, match="bad"):
        await bad.future


async def test_an_answer_crosses_threads_and_loops() -> None:
    """The writer's thread tells those of several loops, each on its own."""

    async def wait_there(threads: list[int]) -> object:
        mine = deed("there")
        asked.put_nowait(mine)
        got = await mine.future
        threads.append(threading.get_ident())
        return got

    asked, loop, threads = asyncio.Queue[Deed](), asyncio.get_running_loop(), list[int]()
    made, ready = list[Deed](), threading.Event()

    async def other() -> None:
        made.append(deed("other"))
        ready.set()
        assert await made[0].future == "other"
        threads.append(threading.get_ident())

    elsewhere = threading.Thread(target=lambda: asyncio.run(other()))
    elsewhere.start()
    here = loop.create_task(wait_there(threads))
    mine = await asked.get()
    assert await asyncio.to_thread(ready.wait, 20)
    threading.Thread(target=lambda: answer([mine, made[0]])).start()
    assert await here == "there"
    await asyncio.to_thread(elsewhere.join, 20)
    assert set(threads) == {threading.get_ident(), elsewhere.ident}


async def test_who_has_gone_is_no_hindrance() -> None:
    """A waiter that was cancelled, and one whose loop is closed, do not keep the others from their answers."""
    gone = list[Deed]()

    async def leave() -> None:
        gone.append(deed("gone"))

    await asyncio.to_thread(lambda: asyncio.run(leave()))
    cancelled, failed, fine = deed("cancelled"), deed(), deed("fine")
    failed.error = OSError("bad")
    cancelled.future.cancel()
    failed.future.cancel()
    answer([gone[0], cancelled, failed, fine])
    assert await fine.future == "fine"
    assert cancelled.future.cancelled()
    assert failed.future.cancelled()
