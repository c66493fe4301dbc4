"""What carries the events of one job to the store."""

from __future__ import annotations

import asyncio
from pathlib import Path

from queenlib.messages.events import Event, StateData, StateEvent
from queenlib.messages.job import USUAL, JobRecord
from queenlib.messages.model import ModelDelete
from queenlib.messages.state import State
from queenlib.registry.carrier import Carrier, Load
from queenlib.registry.fold import begin
from queenlib.registry.memory import MemoryStore
from queenlib.registry.shown import Shown
from queenlib.registry.sqlite.store import SqliteStore
from queenlib.registry.store import Store
from queenlib.world import World
from tests.registry.stores import FullStore, SlowStore

FIRST = StateEvent(job_id="job-a", seq=1, at=World().now(), data=StateData(state=State.QUEUED))
RECORD = begin(ModelDelete(model="m"), FIRST, USUAL, 1)


class Hand:
    """Somebody who has events to be carried.

    Args:
        store: Where to.
    """

    def __init__(self, store: Store) -> None:
        self.tail = Shown(RECORD)
        self.pending = list[Event]()
        self.failures = list[Exception]()
        self.carrier = Carrier(store, self.tail, self.take, self.failures.append)

    def take(self) -> Load:
        """What there is."""
        load, self.pending = self.pending, []
        return self.record, load

    @property
    def record(self) -> JobRecord:
        """The job with all that was added."""
        return RECORD.model_copy(update={"last_seq": 1 + self.added})

    added = 0

    def add(self, count: int = 1) -> None:
        """More."""
        for _ in range(count):
            self.added += 1
            self.pending.append(FIRST.model_copy(update={"seq": 1 + self.added}))

    async def shows(self, seq: int) -> None:
        """Return when an event is shown."""
        async with asyncio.timeout(10):
            while self.tail.record.last_seq < seq:
                await self.tail.change()


async def at_work(store: Store) -> Hand:
    """Somebody whose job is kept."""
    await store.create(RECORD, [FIRST], "0" * 64)
    return Hand(store)


async def test_all_that_a_turn_of_the_loop_brings_goes_in_one_step() -> None:
    """And what comes while that is written in the next; each is shown when it is kept."""
    store = SlowStore(0.02)
    hand = await at_work(store)
    for _ in range(3):
        hand.add()
        hand.carrier.go()
    await asyncio.sleep(0.005)
    hand.add(5)
    hand.carrier.go()
    assert hand.tail.record.last_seq == 1
    await hand.shows(9)
    assert store.written == 2


async def test_at_once_means_without_what_comes_next() -> None:
    """What is there is on its way when `go` returns."""
    store = SlowStore(0.02)
    hand = await at_work(store)
    hand.add()
    hand.carrier.go(at_once=True)
    assert not hand.pending
    hand.add()
    hand.carrier.go(at_once=True)
    assert hand.pending
    await hand.shows(2)
    assert hand.tail.record.last_seq == 2
    await hand.shows(3)
    assert store.written == 2


async def test_what_the_store_cannot_keep_is_told_and_not_shown() -> None:
    """Nothing more is carried then, until it is told to go again."""
    store = FullStore(room=1)
    hand = await at_work(store)
    hand.add()
    hand.carrier.go()
    async with asyncio.timeout(10):
        while not hand.failures:
            await asyncio.sleep(0.001)
    hand.add()
    await asyncio.sleep(0.02)
    assert (hand.tail.record.last_seq, len(hand.pending), len(hand.failures)) == (1, 1, 1)


async def test_a_store_that_is_closed_is_a_failure_like_any(tmp_path: Path) -> None:
    """It is told to who asked for it, and raises nothing where the events were added."""
    store = SqliteStore.open(tmp_path / "jobs.db", World())
    hand = await at_work(store)
    await store.close()
    hand.add()
    hand.carrier.go(at_once=True)
    async with asyncio.timeout(10):
        while not hand.failures:
            await asyncio.sleep(0.001)
    assert hand.tail.record.last_seq == 1


async def test_what_is_given_at_once_is_under_way() -> None:
    """Whatever becomes of the task that carries it: it is kept, and nothing is left that nobody awaits."""
    store = MemoryStore()
    hand = await at_work(store)
    hand.add()
    before = asyncio.all_tasks()
    hand.carrier.go(at_once=True)
    [carrying] = [task for task in asyncio.all_tasks() - before if task.get_name().startswith("log ")]
    carrying.cancel()
    await asyncio.wait({carrying})
    await asyncio.sleep(0)
    assert [event.seq for event in await store.read(RECORD.id, 0, 9)] == [1, 2]
