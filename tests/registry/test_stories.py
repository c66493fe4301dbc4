"""Any story of creating, starting, cancelling, following and closing, in any order and all at once, keeps the promises."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from queenlib.errors import QueenError, QueueFull, StoreFailed, StreamBeyondEnd, UnknownModel
from queenlib.messages.base import Deleted
from queenlib.messages.events import EndEvent, Event, Log, Token, Waiting, Yielded
from queenlib.messages.job import JobRecord
from queenlib.messages.model import ModelDelete
from queenlib.messages.state import State
from queenlib.registry.fold import begin, fold
from queenlib.registry.limits import Limits
from queenlib.registry.memory import MemoryStore
from queenlib.registry.registry import Registry
from queenlib.registry.run import Work
from queenlib.world import World
from tests.registry.stores import FullStore, SlowStore

OPERATION = ModelDelete(model="m")
NATURAL = {"quick": State.SUCCEEDED, "fails": State.FAILED, "forever": None, "clings": None}
"""How each kind of work ends if it is let; `None`: it does not."""


def work_of(kind: str) -> Work:
    """Work of a kind."""

    async def work() -> AsyncGenerator[Yielded]:
        try:
            yield Log(text=kind)
            for n in range(3):
                yield Token(text=str(n), dt_ms=1.0)
                await asyncio.sleep(0)
            yield Waiting(reason="something")
            if kind == "fails":
                raise UnknownModel("No model.")
            if NATURAL[kind] is None:
                await asyncio.Event().wait()
            yield Deleted(kind="model", id="m")
        finally:
            if kind == "clings":
                await asyncio.sleep(0.003)

    return work


@dataclass
class Story:
    """A registry, and beside it, in plain dicts, what was done with it and what was seen."""

    registry: Registry
    kinds: dict[str, str] = field(default_factory=dict)
    views: list[tuple[str, int, list[Event]]] = field(default_factory=list)
    begun: set[str] = field(default_factory=set)
    cancelled: dict[str, State] = field(default_factory=dict)
    refused: list[QueenError] = field(default_factory=list)

    def pick(self, number: int) -> str | None:
        """One of the jobs that there are."""
        return list(self.kinds)[number % len(self.kinds)] if self.kinds else None

    async def create(self, number: int) -> None:
        """Create a job, started or not."""
        kind = list(NATURAL)[number % 4]
        now = number % 3 > 0
        job_id = await self.registry.create(OPERATION, work_of(kind) if now else None)
        assert (await self.registry.get(job_id)).last_seq >= 1
        self.kinds[job_id] = kind
        if now:
            self.begun.add(job_id)

    async def start(self, number: int) -> None:
        """Start a job, again perhaps."""
        if job_id := self.pick(number):
            self.registry.start(job_id, work_of(self.kinds[job_id]))
            self.begun.add(job_id)

    async def cancel(self, number: int) -> None:
        """Cancel a job; it has ended when that returns."""
        if job_id := self.pick(number):
            record = await self.registry.cancel(job_id)
            assert record.state.ended
            assert self.cancelled.setdefault(job_id, record.state) is record.state

    async def follow(self, number: int) -> None:
        """Follow a job from somewhere, and perhaps leave early."""
        if job_id := self.pick(number):
            after, most = number % 5, 3 if number % 7 == 0 else 10**6
            seen: list[Event] = []
            self.views.append((job_id, after, seen))
            async with aclosing(await self.registry.follow(job_id, after)) as events:
                async for event in events:
                    seen.append(event)
                    if len(seen) >= most:
                        break
                else:
                    assert not seen or isinstance(seen[-1], EndEvent)

    async def count(self, number: int) -> None:
        """No job is lost between two states."""
        before = len(self.kinds)
        page = await self.registry.page(1000, None)
        assert len({job.id for job in page.jobs}) == len(page.jobs) >= before

    async def rest(self, number: int) -> None:
        """Let others go on."""
        await asyncio.sleep(number % 4 / 1000)

    async def tell(self, deed: Callable[[int], Coroutine[Any, Any, None]], number: int) -> None:
        """Do one thing; what a registry may refuse is noted."""
        try:
            await deed(number)
        except (QueueFull, StoreFailed, StreamBeyondEnd) as error:
            self.refused.append(error)


DEEDS = (Story.create, Story.create, Story.start, Story.cancel, Story.follow, Story.follow, Story.count, Story.rest)


async def live(store: MemoryStore, seed: int, length: int) -> Story:
    """Tell one story to its end."""
    chance = random.Random(seed)
    story = Story(Registry(store, World(), Limits(unfinished=12, running=4)))
    deeds: set[asyncio.Task[None]] = set()
    for _ in range(length):
        deed = chance.choice(DEEDS)
        deeds.add(asyncio.create_task(story.tell(deed.__get__(story), chance.randrange(1000))))
        if chance.random() < 0.5:
            await asyncio.sleep(chance.choice([0, 0, 0.001]))
    await story.registry.close()
    async with asyncio.timeout(20):
        for done in await asyncio.gather(*deeds, return_exceptions=True):
            if done is not None:
                raise done
    assert asyncio.all_tasks() == {asyncio.current_task()}
    return story


def check_log(record: JobRecord, log: list[Event]) -> None:
    """Dense numbers, one end and it is last, and the record is the fold of the log."""
    assert [event.seq for event in log] == list(range(1, len(log) + 1))
    assert [event for event in log if isinstance(event, EndEvent)] == [log[-1]]
    folded = begin(OPERATION, log[0], epoch=record.epoch)  # type: ignore[arg-type]
    for event in log[1:]:
        folded = fold(folded, event)
    assert folded == record


def check_end(story: Story, record: JobRecord) -> None:
    """A job has ended in a way that the story allows."""
    natural = NATURAL[story.kinds[record.id]] if record.id in story.begun else None
    ends = {(State.FAILED, "queen_closed")}
    if natural is not None:
        ends.add((natural, "unknown_model" if natural is State.FAILED else ""))
    if record.id in story.cancelled:
        ends.add((State.CANCELLED, "cancel"))
        assert story.cancelled[record.id] is record.state
    assert (record.state, record.reason) in ends


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 60), st.sampled_from([None, 0.0, 0.002]))
def test_any_story_keeps_the_promises(seed: int, length: int, write_s: float | None) -> None:
    """Every job is there once, its log is whole, every reader saw a part of it, and every end has its cause."""

    async def told() -> None:
        store = MemoryStore() if write_s is None else SlowStore(write_s)
        story = await live(store, seed, length)
        assert not [error for error in story.refused if isinstance(error, StoreFailed)]
        listed = (await store.page(1000, None)).jobs
        assert Counter(job.id for job in listed) == Counter(list(story.kinds))
        logs = {job.id: list(await store.read(job.id, 0, 10**6)) for job in listed}
        for job_id, log in logs.items():
            record = await store.get(job_id)
            assert record is not None
            check_log(record, log)
            check_end(story, record)
        for job_id, after, seen in story.views:
            assert seen == logs[job_id][after : after + len(seen)]

    asyncio.run(told())


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 60), st.integers(0, 60), st.sampled_from([0, 3, 1000]))
def test_no_story_ends_badly_when_the_store_is_full(seed: int, length: int, room: int, reserve: int) -> None:
    """A disk that fills up at any moment: nobody hangs, what was shown is kept, and each job ends or says that it cannot."""

    async def told() -> None:
        store = FullStore(room, reserve)
        story = await live(store, seed, length)
        for job_id, after, seen in story.views:
            kept = list(await store.read(job_id, 0, 10**6))
            assert seen == kept[after : after + len(seen)]
        for job in (await store.page(1000, None)).jobs:
            kept, record = list(await store.read(job.id, 0, 10**6)), await store.get(job.id)
            assert record is not None
            if record.state.ended:
                check_log(record, kept)
            else:
                assert reserve < 1000
                try:
                    await story.registry.cancel(job.id)
                except StoreFailed as error:
                    story.refused.append(error)
                else:
                    raise AssertionError("it was said to have ended")

    asyncio.run(told())
