"""Admission: never more than there are slots, interactive before batch, first come first served."""

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from queenlib.hives.slots import SlotQueue, Urgency, rounded
from queenlib.messages.events import Waiting, Working


@dataclass
class Box:
    """The least that has slots."""

    id: str
    free: list[int] = field(default_factory=list)
    open: bool = True


async def use(queue: SlotQueue, name: str, order: list[str], urgency: Urgency = Urgency.INTERACTIVE) -> list[str]:
    """Claim any slot, note when it is had, hold it for a moment; what was waited for."""
    reasons: list[str] = []
    async with queue.claim(lambda _: True, urgency) as claim:
        async with aclosing(claim.waits()) as waits:
            reasons.extend([wait.reason if isinstance(wait, Waiting) else "granted" async for wait in waits])
        assert claim.granted is not None
        order.append(name)
        await asyncio.sleep(0.005)
    return reasons


async def test_interactive_goes_before_batch_and_else_first_come() -> None:
    """Waiting claims are served by class, then by arrival."""
    queue, order = SlotQueue(), list[str]()
    queue.changed(Box("w", [0]))
    waiting = [asyncio.create_task(use(queue, "holder", order))]
    for name, urgency in [
        ("b1", Urgency.BATCH),
        ("b2", Urgency.BATCH),
        ("i1", Urgency.INTERACTIVE),
        ("i2", Urgency.INTERACTIVE),
    ]:
        await asyncio.sleep(0)
        waiting.append(asyncio.create_task(use(queue, name, order, urgency)))
    await asyncio.gather(*waiting)
    assert order == ["holder", "i1", "i2", "b1", "b2"]


async def test_a_wait_says_its_place_each_time_it_changes() -> None:
    """The reason counts down, and the end of the wait is said; who does not wait says nothing."""
    queue, order = SlotQueue(), list[str]()
    queue.changed(Box("w", [0]))
    first, second, third = [asyncio.create_task(use(queue, name, order)) for name in "abc"]
    assert await first == []
    assert (await second)[-1] == "granted"
    assert await third == ["slot: 1 ahead", "slot: 0 ahead", "granted"]


async def test_slot_that_comes_while_the_wait_is_told_is_not_missed() -> None:
    """Whoever is slow to write down what it waits for finds the slot that was granted meanwhile."""
    queue, box = SlotQueue(), Box("w", [])
    queue.changed(box)
    async with queue.claim(lambda _: True) as claim:
        waits = claim.waits()
        assert await anext(waits) == Waiting(reason="slot: 0 ahead")
        box.free.append(0)
        queue.grant()
        async with asyncio.timeout(10):
            assert [wait async for wait in waits] == [Working()]
        assert claim.granted == (box, 0)


async def test_place_counts_only_those_who_want_the_same() -> None:
    """Claims on other workers are not before one; a place that stays as it is is not told again."""
    queue = SlotQueue()
    queue.changed(Box("a", []), Box("b", []))
    async with (
        queue.claim(lambda box: box.id == "a"),
        queue.claim(lambda box: box.id == "a"),
        queue.claim(lambda box: box.id == "b") as other,
        queue.claim(lambda _: True) as any_of_them,
    ):
        for claim, place in ((other, 0), (any_of_them, 3)):
            waits = claim.waits()
            assert await anext(waits) == Waiting(reason=f"slot: {place} ahead")
            again = asyncio.ensure_future(anext(waits))
            queue.grant()
            await asyncio.sleep(0.001)
            assert not again.done()
            again.cancel()
            await asyncio.wait({again})


async def test_turn_wakes_all_who_look() -> None:
    """Each who waits for a change sees the next one."""
    queue, box = SlotQueue(), Box("w", [0, 1])
    queue.changed(box)
    seen: list[int] = []

    async def look(until: int) -> None:
        while len(box.free) > until:
            await queue.turn()
        seen.append(until)

    lookers = [asyncio.create_task(look(until)) for until in (0, 1, 1)]
    await asyncio.sleep(0.001)
    async with queue.claim(lambda _: True), queue.claim(lambda _: True):
        async with asyncio.timeout(10):
            await asyncio.gather(*lookers)
    assert sorted(seen) == [0, 1, 1]


@given(st.integers(0, 10**6))
def test_long_queues_are_told_roughly(number: int) -> None:
    """One digit counts, so that a queue of any length is told in few steps, and never as longer than it is."""
    text = rounded(number)
    told = int(text.removeprefix("over "))
    assert len(str(told).rstrip("0")) <= 1
    assert told == number if not text.startswith("over ") else told < number < told * 2


async def test_a_claim_that_leaves_gives_its_place_to_the_next() -> None:
    """A waiting claim that is cancelled is struck off, and its slot is never lost."""
    queue, order = SlotQueue(), list[str]()
    box = Box("w", [0])
    queue.changed(box)
    holder = asyncio.create_task(use(queue, "holder", order))
    await asyncio.sleep(0)
    leaver = asyncio.create_task(use(queue, "leaver", order))
    last = asyncio.create_task(use(queue, "last", order))
    await asyncio.sleep(0.001)
    leaver.cancel()
    await asyncio.gather(holder, last)
    assert order == ["holder", "last"]
    assert box.free == [0]


async def test_a_claim_without_hope_stops_waiting() -> None:
    """When the last worker that could take it is gone, the wait ends without a slot."""
    queue = SlotQueue()
    queue.changed(Box("w", []))

    async def wait() -> bool:
        async with queue.claim(lambda _: True) as claim:
            async with aclosing(claim.waits()) as waits:
                async for _ in waits:
                    pass
            return claim.granted is not None

    waiter = asyncio.create_task(wait())
    await asyncio.sleep(0.001)
    queue.changed()
    assert await waiter is False


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(Urgency), st.booleans()), max_size=25),
    st.lists(st.integers(1, 3), min_size=1, max_size=3),
)
def test_no_slot_is_given_twice_or_lost(claims: list[tuple[Urgency, bool]], sizes: list[int]) -> None:
    """Whoever claims, holds and leaves: each slot has one holder at most, and all are free in the end."""

    async def run() -> None:
        queue = SlotQueue()
        boxes = [Box(f"w{n}", list(range(size))) for n, size in enumerate(sizes)]
        queue.changed(*boxes)
        held: set[tuple[str, int]] = set()

        async def one(urgency: Urgency, leaves: bool) -> None:
            async with queue.claim(lambda _: True, urgency) as claim:
                async with aclosing(claim.waits()) as waits:
                    async for wait in waits:
                        if leaves and not isinstance(wait, Working):
                            return
                assert claim.granted is not None
                place = (claim.granted[0].id, claim.granted[1])
                assert place not in held
                held.add(place)
                await asyncio.sleep(0)
                held.remove(place)

        await asyncio.gather(*(one(*claim) for claim in claims))
        assert [sorted(box.free) for box in boxes] == [list(range(size)) for size in sizes]

    asyncio.run(run())
