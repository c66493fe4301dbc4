"""The operation `embed`, with no router in sight."""

from __future__ import annotations

import asyncio
import base64
from contextlib import aclosing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queenlib.errors import NoEmbeddings, WorkerDied
from queenlib.hives.catalog import LOCAL, HiveCatalog
from queenlib.messages.embed import Embed, EmbedResult
from queenlib.messages.events import Log, Progress, VectorsData
from queenlib.messages.worker import WorkerSpawn
from queenlib.operations.embed import CHARACTERS, TEXTS, embed, portions
from queenlib.operations.tally import Tallying
from queenlib.world import World

MODEL = "sim:words?dimensions=3"


async def steps(hives: HiveCatalog, *texts: str, model: str = MODEL, before: Tallying | None = None) -> list[Any]:
    """All that it yields."""
    work = embed(Embed(texts=texts, model=model), hives, World(), "sim:words", before or Tallying(len(texts)))
    return [step async for step in work]


async def test_each_text_has_its_vector(hives: HiveCatalog) -> None:
    """In portions, on a worker that is started for it; the result counts them."""
    made = await steps(hives, *[f"text {n}" for n in range(70)])
    found = [step for step in made if isinstance(step, VectorsData)]
    assert sorted(i for each in found for i in each.rows) == list(range(70))
    assert all(len(base64.b64decode(each.data)) == 4 * 3 * len(each.rows) for each in found)
    result = made[-1]
    assert isinstance(result, EmbedResult)
    assert (result.rows, result.done, result.failed, result.dimensions, result.model.name) == (70, 70, 0, 3, MODEL)
    assert result.usage.prompt_tokens == 3 * 70
    last = [step for step in made if isinstance(step, Progress)][-1]
    assert (last.what, last.done, last.total) == ("vectors", 70, 70)
    [worker] = hives.get(LOCAL).workers.all()
    assert (worker.embeds, worker.spec.args.embeddings) == (True, "model")


async def test_one_too_long_text_fails_alone(hives: HiveCatalog) -> None:
    """The others have their vectors; its error names the tokens."""
    made = await steps(hives, "a", "w " * 600, "b")
    bad, good = [step for step in made if isinstance(step, VectorsData)]
    assert (bad.rows, good.rows, bad.data) == ((1,), (0, 2), "")
    assert bad.error is not None
    assert (bad.error.kind, bad.error.fields["prompt_tokens"]) == ("PromptTooLong", 601)
    assert (made[-1].failed, made[-1].failures) == (1, {"PromptTooLong": 1})


async def test_only_what_is_left_is_made(hives: HiveCatalog) -> None:
    """After an earlier attempt, whose vectors are counted; nothing at all where nothing is left."""
    before = Tallying(3)
    before.take(VectorsData(rows=(0, 2), dimensions=3, data="", prompt_tokens=4))
    made = await steps(hives, "a", "b", "c", before=before)
    assert [step.rows for step in made if isinstance(step, VectorsData)] == [(1,)]
    assert made[-1].usage.prompt_tokens == 6
    assert "2 texts had their vectors before" in [step.text for step in made if isinstance(step, Log)]
    again = await steps(hives, "a", "b", "c", before=before)
    assert not [step for step in again if isinstance(step, VectorsData)]
    assert again[-1].done == 3


async def test_a_model_that_makes_none(hives: HiveCatalog) -> None:
    """Is a typed error."""
    with pytest.raises(NoEmbeddings):
        await steps(hives, "a", model="sim:words?dimensions=0")


async def test_a_worker_that_dies_is_replaced(hives: HiveCatalog) -> None:
    """What it was at is sent to the next one; one that dies again and again is the error."""
    made = await steps(hives, *[f"{n}" for n in range(4 * TEXTS)], model="sim:words?dimensions=3&crash_at_token=4")
    assert made[-1].done == 4 * TEXTS
    with pytest.raises(WorkerDied):
        await steps(hives, "x", model="sim:words?dimensions=3&crash_at_token=1")


async def test_left_it_has_stopped(hives: HiveCatalog) -> None:
    """Every slot is free again."""
    model = "sim:words?dimensions=3&prefill_ms=10"
    texts = tuple(f"{n}" for n in range(10 * TEXTS))
    async with aclosing(embed(Embed(texts=texts, model=model), hives, World(), "", Tallying(len(texts)))) as work:
        async for step in work:
            if isinstance(step, VectorsData):
                await asyncio.sleep(0.05)  # the next ones are under way
                break
    [worker] = hives.get(LOCAL).workers.all()
    assert (worker.open, worker.busy) == (True, frozenset())


async def test_several_slots_are_used(hives: HiveCatalog) -> None:
    """All but one of each worker; one text alone may have that one."""
    args = {"embeddings": "model"}
    async for _ in hives.spawn(WorkerSpawn.model_validate({"model": MODEL, "slots": 4, "engine_args": args})):
        pass
    made = await steps(hives, *[f"{n}" for n in range(5 * TEXTS)])
    assert made[-1].done == 5 * TEXTS
    assert len(hives.get(LOCAL).workers.all()) == 1


@given(st.lists(st.integers(1, CHARACTERS + 100), max_size=80), st.integers(0, 3))
def test_portions_hold_all_in_order(lengths: list[int], skipped: int) -> None:
    """None is too much at once, but for a text that is too much alone, and none could take the next one in."""
    texts = ["x" * length for length in lengths]
    rows = list(range(skipped, len(texts)))
    made = list(portions(texts, rows))
    assert [i for portion in made for i in portion] == rows
    for portion, after in zip(made, [*made[1:], ()], strict=False):
        size = sum(lengths[i] for i in portion)
        assert len(portion) == 1 or (len(portion) <= TEXTS and size <= CHARACTERS)
        assert not after or len(portion) == TEXTS or size + lengths[after[0]] > CHARACTERS
