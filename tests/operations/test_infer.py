"""The operation `infer`, with no router in sight."""

import asyncio

import pytest

from queenlib.errors import UnknownHive
from queenlib.hives.catalog import HiveCatalog
from queenlib.messages.events import Log, Metrics, Token, Waiting, Working
from queenlib.messages.infer import Infer, InferResult
from queenlib.operations.answering import sampling
from queenlib.operations.infer import infer
from queenlib.world import World
from tests.operations.conftest import last_of

MODEL = "sim:words?tokens=5&tokens_per_s=500"


async def test_one_call_starts_loads_and_streams(hives: HiveCatalog) -> None:
    """On a catalog where nothing runs: the hive starts, a worker loads, tokens come, then numbers, then the result."""
    items = [item async for item in infer(Infer(prompt="x", hive_id="ant"), hives, World(), MODEL)]
    result = items[-1]
    assert isinstance(result, InferResult)
    assert result.text == "".join(item.text for item in items if isinstance(item, Token))
    assert (result.usage.completion_tokens, result.hive_id, result.model.name) == (5, "ant", MODEL)
    assert isinstance(items[-2], Metrics)
    kinds = [type(item) for item in items]
    assert kinds.index(Log) < kinds.index(Waiting) < kinds.index(Working) < kinds.index(Token)
    assert result.timings.load_ms > 0
    assert result.timings.total_ms >= result.timings.load_ms + result.timings.ttft_ms


async def test_the_second_needs_no_load(hives: HiveCatalog) -> None:
    """A worker that is ready is used again."""
    first = await last_of(infer(Infer(prompt="x"), hives, World(), MODEL))
    items = [item async for item in infer(Infer(prompt="x"), hives, World(), MODEL)]
    second = items[-1]
    assert isinstance(first, InferResult)
    assert isinstance(second, InferResult)
    assert first.worker_id == second.worker_id
    assert not any(isinstance(item, Waiting) for item in items)


async def test_json_comes_back_as_data(hives: HiveCatalog) -> None:
    """With a schema the answer is parsed; an answer that was cut off is not."""
    required = ["first", "second"]
    schema = {"type": "object", "properties": {name: {"type": "integer"} for name in required}, "required": required}
    whole = await last_of(infer(Infer(prompt="x", json_schema=schema), hives, World(), MODEL))
    cut = await last_of(infer(Infer(prompt="x", json_schema=schema, max_tokens=1), hives, World(), MODEL))
    assert isinstance(whole, InferResult)
    assert isinstance(cut, InferResult)
    assert set(whole.parsed) == {"first", "second"}
    assert (cut.parsed, cut.finish_reason) == (None, "length")


async def test_the_hive_may_go_when_the_answer_is_there(hives: HiveCatalog) -> None:
    """A hive that is removed as soon as nobody generates any more takes no answer with it."""
    asked = asyncio.create_task(last_of(infer(Infer(prompt="x", hive_id="ant"), hives, World(), MODEL)))
    while not any(worker.busy for worker in hives.get("ant").workers.all()):
        await asyncio.sleep(0)
    assert await last_of(hives.delete("ant", force=False))
    result = await asked
    assert isinstance(result, InferResult)
    assert (result.hive_id, result.usage.completion_tokens) == ("ant", 5)


async def test_an_unknown_hive_raises(hives: HiveCatalog) -> None:
    """The error comes out of the generator."""
    with pytest.raises(UnknownHive):
        await last_of(infer(Infer(prompt="x", hive_id="nowhere"), hives, World(), MODEL))


def test_sampling_is_all_of_it_and_nothing_else() -> None:
    """Every sampling parameter of an operation is carried over."""
    asked = Infer(prompt="x", temperature=0.1, top_k=3, stop=("a",), seed=5, max_tokens=7)
    assert sampling(asked).wire() == {name: asked.wire()[name] for name in sampling(asked).wire()}
