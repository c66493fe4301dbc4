"""Admission: who gets a free slot next. Two classes, interactive before batch; in each, first come first served.

The queen never sends an engine more than it has slots for, so the waiting is here, where its place and its reason can be
seen.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from enum import IntEnum
from typing import Protocol

from queenlib.messages.events import Waiting, Working


class Urgency(IntEnum):
    """Which class a claim is in; the lower goes first."""

    INTERACTIVE = 0
    """Somebody looks at the answer as it comes."""
    BATCH = 1
    """One of many."""


class Slotted(Protocol):
    """What has slots: a worker."""

    id: str
    free: list[int]
    """The slots that are free now, by number; the one that was freed last is first."""

    @property
    def open(self) -> bool:
        """Whether it may take something new now."""
        ...


Grant = tuple[Slotted, int]
"""A worker, and the number of the slot in it."""


class SlotQueue:
    """The claims on the slots of one hive."""

    def __init__(self) -> None:
        self._claims: list[Claim] = []
        self._workers: dict[str, Slotted] = {}
        self._turned = asyncio.Event()

    def waiting(self, worker: Slotted) -> int:
        """How many claims wait that `worker` could take."""
        return sum(claim.fits(worker) for claim in self._claims)

    def claim(self, fits: Callable[[Slotted], bool], urgency: Urgency = Urgency.INTERACTIVE) -> Claim:
        """Ask for a slot of any worker that `fits`."""
        return Claim(self, fits, urgency)

    def changed(self, *workers: Slotted) -> None:
        """Say which workers there are now, and give what is free to those who wait."""
        self._workers = {worker.id: worker for worker in workers}
        self.grant()

    def grant(self) -> None:
        """Give what is free to those who wait, and tell the others their place."""
        for claim in self._in_order():
            able = [worker for worker in self._workers.values() if worker.open and worker.free and claim.fits(worker)]
            if able:
                worker = max(able, key=lambda worker: len(worker.free))
                self._claims.remove(claim)
                claim.take((worker, worker.free.pop(0)))
        self._place()
        self._turned.set()

    async def turn(self) -> None:
        """Wait until something has changed: a slot, a claim or a worker. Look before you wait, and again after it."""
        self._turned.clear()
        await self._turned.wait()

    def enter(self, claim: Claim) -> None:
        """Let a claim wait."""
        self._claims.append(claim)
        self.grant()

    def leave(self, claim: Claim) -> None:
        """Take a claim's slot back, or strike it off."""
        if claim.granted:
            worker, slot = claim.granted
            worker.free.insert(0, slot)
        elif claim in self._claims:
            self._claims.remove(claim)
        self.grant()

    def _in_order(self) -> list[Claim]:
        return sorted(self._claims, key=lambda claim: claim.urgency)  # a stable sort: first come, first served

    def _place(self) -> None:
        """Tell each claim how many are before it; only those count that may take a slot which it could have."""
        before: Counter[frozenset[str]] = Counter()
        for claim in self._in_order():
            fitting = frozenset(worker.id for worker in self._workers.values() if claim.fits(worker))
            claim.place(sum(many for those, many in before.items() if those & fitting) if fitting else None)
            before[fitting] += 1


class Claim:
    """One claim on a slot: `async with` it, draw from `waits()`, and it is `granted`; leaving gives the slot back."""

    def __init__(self, queue: SlotQueue, fits: Callable[[Slotted], bool], urgency: Urgency) -> None:
        self.fits, self.urgency = fits, urgency
        self.granted: Grant | None = None
        self._ahead: int | None = None
        self._moved = asyncio.Event()
        self._queue = queue

    async def __aenter__(self) -> Claim:
        self._queue.enter(self)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._queue.leave(self)

    def take(self, grant: Grant) -> None:
        """Be given a slot."""
        self.granted = grant
        self._moved.set()

    def place(self, ahead: int | None) -> None:
        """Be told how many are before it; `None` if no worker that there is could ever take it."""
        if ahead != self._ahead:
            self._ahead = ahead
            self._moved.set()

    async def waits(self) -> AsyncGenerator[Waiting | Working]:
        """Says what it waits for, each time that changes, until it is granted or no worker could ever take it."""
        said = ""
        while True:
            self._moved.clear()  # before looking: what changes while the reason is told must not be missed
            if self.granted is not None or self._ahead is None:
                break
            if (reason := f"slot: {rounded(self._ahead)} ahead") != said:
                said = reason
                yield Waiting(reason=reason)
            await self._moved.wait()
        if said:
            yield Working()


def rounded(number: int) -> str:
    """A number of few digits, so that a long queue is not a long log: `7`, `over 40`, `over 300`."""
    step = int(10 ** (len(str(number)) - 1))
    return str(number) if step == 1 else f"over {number // step * step}" if number % step else str(number)
