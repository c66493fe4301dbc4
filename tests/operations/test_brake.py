"""Failures that are all alike stop a batch."""

from __future__ import annotations

import asyncio

from queenlib.messages.events import Problem
from queenlib.messages.row import RowData
from queenlib.operations.brake import ALIKE, FIRST_S, LONGEST_S, Brake
from queenlib.world import World

FINE = RowData(i=0, text="fine")


class Patient(World):
    """A world in which sleeping takes no time, and is written down."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        """Note it."""
        self.slept.append(seconds)
        await asyncio.sleep(0)


def bad(kind: str = "WorkerDied") -> RowData:
    """A row that failed."""
    return RowData(i=0, error=Problem(kind=kind, what="It died."))


async def test_enough_failures_of_one_kind_put_it_on() -> None:
    """An answer between them, or a failure of another kind, begins the count anew; so does the first answer after it."""
    brake = Brake(Patient())
    for row in [*[bad()] * (ALIKE - 1), FINE, *[bad()] * (ALIKE - 1), bad("EngineError"), *[bad()] * (ALIKE - 1)]:
        brake.note(row)
        assert brake.reason == ""
    brake.note(bad())
    assert "20 rows in a row failed alike: WorkerDied: It died." in brake.reason
    brake.note(FINE)
    assert brake.reason == ""


async def test_while_it_is_on_rows_pass_one_at_a_time() -> None:
    """Each waits longer than the one before, up to a limit; once one is answered, all pass at once."""
    world = Patient()
    brake, inside, most = Brake(world), 0, 0

    async def one(row: RowData) -> None:
        nonlocal inside, most
        async with brake.row():
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1
            brake.note(row)

    await asyncio.gather(*(one(bad()) for _ in range(ALIKE)))
    assert (most, world.slept) == (ALIKE, [])
    most = 0
    await asyncio.gather(*(one(bad()) for _ in range(6)))
    assert most == 1
    assert world.slept == [min(FIRST_S * 2**n, LONGEST_S) for n in range(6)]
    await asyncio.gather(one(FINE), *(one(FINE) for _ in range(5)))
    assert len(world.slept) == 7
