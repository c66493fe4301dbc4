"""Vectors from an engine: what is asked, what comes back, and what every engine does where they are asked for."""

from __future__ import annotations

import asyncio
import base64
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from queenlib.engines.connection import Patience
from queenlib.engines.embedding import Embedded, not_offered, read, request, surely_fits, too_long
from queenlib.engines.engine import Connection
from queenlib.errors import EngineError, NoEmbeddings, NotStopped, PromptTooLong, WorkerProtocol, WorkerStalled
from queenlib.messages.worker import EngineArgs
from tests.engines.bench import Bench, ask, bench, real_spec, sim_spec

EMBEDS = EngineArgs(embeddings="mean")


@pytest.fixture(scope="module", params=["simulated", "llama_cpp"])
def embedder(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """A worker of each engine that makes vectors, of texts of at most 64 tokens."""
    if request.param == "simulated":
        spec = sim_spec("sim:words?prefill_ms=30", context=64, args=EMBEDS)
    else:
        path: Path = request.getfixturevalue("real_model_path")
        spec = real_spec(path, context=64, args=EMBEDS)
    with bench(spec) as ready:
        yield ready


@pytest.fixture
def connection(embedder: Bench) -> Connection:
    """A line to it."""
    return embedder.connect()


def unpacked(made: Embedded) -> list[tuple[float, ...]]:
    """The vectors."""
    numbers = struct.unpack(f"<{len(made.data) // 4}f", made.data)
    return [numbers[at : at + made.dimensions] for at in range(0, len(numbers), made.dimensions)]


def product(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """How alike two vectors of length 1 are."""
    return sum(a * b for a, b in zip(one, other, strict=True))


async def test_each_text_has_its_vector(connection: Connection) -> None:
    """Of length 1, in the order of the texts, the same for the same text whatever comes with it; the tokens are counted."""
    texts = ["a cat sat", "the law of taxes", "é 蜂 \N{HONEYBEE} {x}", "a cat sat"]
    made = await connection.embed(texts)
    cat, law, _, again = vectors = unpacked(made)
    assert made.dimensions > 100
    assert made.prompt_tokens >= len(texts)
    assert [product(each, each) for each in vectors] == pytest.approx([1.0] * 4, rel=1e-4)
    assert product(cat, again) == pytest.approx(1.0, rel=1e-3)
    assert product(cat, law) < 0.95
    [alone] = unpacked(await connection.embed(texts[:1]))
    assert product(cat, alone) == pytest.approx(1.0, rel=1e-3)


async def test_a_text_has_to_fit(connection: Connection) -> None:
    """One that does not is refused with its tokens; the longest that does has its vector."""
    with pytest.raises(PromptTooLong) as caught:
        await connection.check("word " * 70)
    assert caught.value.prompt_tokens > 64
    assert (caught.value.context, caught.value.max_tokens) == (64, 0)
    with pytest.raises(EngineError):
        await connection.embed(["word " * 70])
    longest = "word " * 60
    await connection.check(longest)
    await connection.check("short")
    assert len(unpacked(await connection.embed([longest]))) == 1


async def test_cancelled_it_is_through(connection: Connection) -> None:
    """A task that is cancelled ends only when the engine does nothing more."""
    work = asyncio.create_task(connection.embed(["some words here " * 8] * 8))
    await asyncio.sleep(0.1)
    assert not work.done()
    work.cancel()
    await asyncio.wait({work})
    assert work.cancelled()
    assert await connection.idle(0)
    assert await connection.idle(1)


@pytest.mark.parametrize("model", ["sim:words", "sim:words?dimensions=0"])
async def test_who_makes_none_says_so(model: str) -> None:
    """A simulated worker that makes answers, and one whose model makes no vectors."""
    args = EngineArgs() if model == "sim:words" else EMBEDS
    with bench(sim_spec(model, args=args)) as worker, pytest.raises(NoEmbeddings) as caught:
        await worker.connect().embed(["x"])
    assert "does not support embeddings" in caught.value.why
    assert all((caught.value.what, caught.value.why, caught.value.state, caught.value.next))


async def test_the_real_one_that_makes_answers_makes_none(real_model_path: Path) -> None:
    """It says so in its own words, and goes on with answers."""
    with bench(real_spec(real_model_path)) as worker:
        with pytest.raises(NoEmbeddings):
            await worker.connect().embed(["x"])
        assert (await ask(worker.connect(), "Hi", max_tokens=2)).finished


async def test_silence_is_told() -> None:
    """Who gives nothing in time is said to be silent, and who is not through in time after a cancel not to have stopped."""
    with bench(sim_spec("sim:words?mute_from=1", args=EMBEDS)) as worker:
        hasty = worker.connect(patience=Patience(first_token_s=0.2))
        with pytest.raises(WorkerStalled) as caught:
            await hasty.embed(["x"])
        assert caught.value.stopped is False
        work = asyncio.create_task(worker.connect(patience=Patience(stop_s=0.2)).embed(["x"]))
        await asyncio.sleep(0.2)
        work.cancel()
        with pytest.raises(NotStopped) as left:
            await work
        assert "after it was told to stop" in left.value.what


def entry(index: int, *numbers: float) -> dict[str, Any]:
    """A vector as it comes."""
    return {"index": index, "embedding": base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()}


def test_vectors_are_put_in_order() -> None:
    """By the number that each has."""
    made = read("w", {"data": [entry(1, 3.0, 4.0), entry(0, 1.0, 2.0)], "usage": {"prompt_tokens": 5}}, 2)
    assert made == Embedded(struct.pack("<4f", 1, 2, 3, 4), 2, 5)


@pytest.mark.parametrize(
    "answer",
    [
        None, {}, {"data": [], "usage": {"prompt_tokens": 1}}, {"data": [entry(0, 1.0)]},
        {"data": [entry(0, 1.0)], "usage": {"prompt_tokens": 1}},
        {"data": [entry(0, 1.0), entry(0, 1.0)], "usage": {"prompt_tokens": 1}},
        {"data": [entry(0, 1.0), entry(1, 1.0, 2.0)], "usage": {"prompt_tokens": 1}},
        {"data": [entry(0), entry(1)], "usage": {"prompt_tokens": 1}},
        {"data": [entry(0, 1.0), entry(1, 1.0)], "usage": {"prompt_tokens": -1}},
        {"data": [entry(0, 1.0), {"index": 1, "embedding": [0.5]}], "usage": {"prompt_tokens": 1}},
        {"data": [entry(0, 1.0), {"index": 1, "embedding": "AAAA"}], "usage": {"prompt_tokens": 1}},
    ],
)  # fmt: skip
def test_what_is_no_two_vectors_is_refused(answer: Any) -> None:
    """As no protocol of ours."""
    with pytest.raises(WorkerProtocol):
        read("w", answer, 2)


def test_what_is_asked() -> None:
    """All texts, and base64 in return."""
    assert request(("a", "b")) == {"input": ["a", "b"], "encoding_format": "base64"}


def test_only_short_texts_surely_fit() -> None:
    """Counted in bytes, which no token is shorter than."""
    assert surely_fits("a" * 56, 64)
    assert not surely_fits("a" * 57, 64)
    assert not surely_fits("蜂" * 19, 64)


def test_errors_say_what_to_do() -> None:
    """How much too long a text is, and that another model may make vectors."""
    assert "Shorten it by 1," in too_long("w", 65, 64).next
    assert "context=128" in too_long("w", 65, 64).next
    assert "no words" in not_offered("w", {"message": "no words"}).why
    assert "no words" in not_offered("w", "no words").why
