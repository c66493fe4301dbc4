"""The operation `infer_batch`, with no router in sight."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import aclosing
from typing import Any

import pytest

from queenlib.errors import TooManyFailures
from queenlib.hives.catalog import HiveCatalog
from queenlib.messages.batch import BatchResult, InferBatch
from queenlib.messages.events import Log, Progress, Waiting, Working
from queenlib.messages.row import RowData
from queenlib.messages.worker import WorkerSpawn
from queenlib.operations.claims import Claims
from queenlib.operations.infer_batch import USUAL, Around, infer_batch
from queenlib.operations.tally import Tallying
from queenlib.world import World

MODEL = "sim:words?tokens=6&tokens_per_s=1000"


async def nothing(_keys: Collection[str]) -> Mapping[str, RowData]:
    """No answer is there."""
    return {}


def around(hives: HiveCatalog) -> Around:
    """What a batch has about it."""
    return Around(hives, World(), MODEL, Claims(), nothing)


async def steps(hives: HiveCatalog, count: int, before: Tallying | None = None, **more: Any) -> list[Any]:
    """All that a batch yields."""
    operation = InferBatch(prompt="Say {a}", columns={"a": tuple(map(str, range(count)))}, **more)
    work = infer_batch(operation, around(hives), before or Tallying(count))
    return [step async for step in work]


async def test_a_worker_is_brought_with_one_slot_more(hives: HiveCatalog) -> None:
    """How many rows are asked at once is said, and is in the result; the end is told as progress."""
    made = await steps(hives, 20)
    result = made[-1]
    assert isinstance(result, BatchResult)
    assert (result.rows, result.done, result.failed, result.concurrency, result.model.name) == (20, 20, 0, USUAL, MODEL)
    [worker] = hives.get("local").workers.all()
    assert worker.spec.slots == USUAL + 1
    assert f"{USUAL} rows at once, {USUAL + 1} slots" in [step.text for step in made if isinstance(step, Log)]
    last = [step for step in made if isinstance(step, Progress) and step.unit == "rows"][-1]
    assert (last.done, last.total, last.left_s) == (20, 20, 0)
    assert last.per_s is not None
    assert sorted(step.i for step in made if isinstance(step, RowData)) == list(range(20))


@pytest.mark.parametrize(("slots", "asked", "used"), [(1, None, 1), (4, None, 3), (4, 4, 4), (4, 9, 9), (2, 3, 3)])
async def test_as_many_at_once_as_the_slots_allow(hives: HiveCatalog, slots: int, asked: int | None, used: int) -> None:
    """One of each worker is left to others, unless more is asked for."""
    async for _ in hives.spawn(WorkerSpawn(model=MODEL, slots=slots, name="w")):
        pass
    assert (await steps(hives, 10, concurrency=asked))[-1].concurrency == used


async def test_it_waits_only_while_no_row_is_asked(hives: HiveCatalog) -> None:
    """That some of its rows wait for a slot says nothing of the batch."""
    async for _ in hives.spawn(WorkerSpawn(model=MODEL, slots=2, name="w")):
        pass
    made = await steps(hives, 30, concurrency=8)
    assert not [step for step in made if isinstance(step, Waiting | Working)]
    dying = await steps(hives, 2, model="sim:words?tokens=9&crash_at_token=4", concurrency=2)
    states = [type(step) for step in dying if isinstance(step, Waiting | Working)]
    assert states[::2] == [Waiting] * len(states[::2])
    assert states[1::2] == [Working] * len(states[1::2])
    assert len(states) > 2


async def test_what_had_ended_is_not_asked(hives: HiveCatalog) -> None:
    """An attempt goes on from the one before; where nothing is left, nobody is asked, and no worker is brought."""
    before = Tallying(6)
    for i in range(6):
        before.take(RowData(i=i))
    result = (await steps(hives, 6, before))[-1]
    assert (result.done, result.concurrency) == (6, 0)
    assert not hives.get("local").workers.all()
    half = Tallying(6)
    for i in range(3):
        half.take(RowData(i=i))
    made = await steps(hives, 6, half)
    assert sorted(step.i for step in made if isinstance(step, RowData)) == [3, 4, 5]
    assert made[-1].done == 6


async def test_a_dry_run_asks_nobody(hives: HiveCatalog) -> None:
    """It says what there is and how many rows would be asked at once; no row is told, and no worker is brought."""
    made = await steps(hives, 6, dry_run=True)
    assert (len(made), made[0].done, made[0].cached, made[0].concurrency) == (1, 0, 0, USUAL)
    assert not hives.get("local").workers.all()


async def test_too_many_failures_end_it_and_lose_nothing(hives: HiveCatalog) -> None:
    """Rows that are asked when it is noticed are answered first."""
    cells = ["fine", None, "fine", None, *map(str, range(50))]
    operation = InferBatch(prompt="Say {a}", columns={"a": tuple(cells)}, max_failures=1, concurrency=2)
    rows = list[RowData]()
    with pytest.raises(TooManyFailures) as caught:  # noqa: PT012 - what comes before it is looked at
        async for step in infer_batch(operation, around(hives), Tallying(len(cells))):
            rows += [step] if isinstance(step, RowData) else []
    assert caught.value.failures == {"MissingCell": 2}
    assert len(rows) < len(cells)


async def test_who_leaves_leaves_free_slots(hives: HiveCatalog) -> None:
    """When it is closed no row is asked any more."""
    operation = InferBatch(prompt="Say {a}", columns={"a": tuple(map(str, range(50)))}, max_tokens=6, concurrency=4)
    async with aclosing(infer_batch(operation, around(hives), Tallying(50))) as work:
        async for step in work:
            if isinstance(step, RowData):
                break
    [worker] = hives.get("local").workers.all()
    assert not worker.busy
