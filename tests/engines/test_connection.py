"""The connection: what it does when a worker goes wrong, and that it harms no text."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from queenlib.engines.connection import EngineConnection, Patience
from queenlib.engines.line import Line
from queenlib.errors import EngineError, NotStopped, WorkerDied, WorkerProtocol, WorkerStalled
from queenlib.messages.events import Token
from tests.engines.bench import KEY, WORLD, Bench, ask, bench, generation, sim_spec
from tests.engines.foreign import STREAM, answer, answering, chunked

NASTY = "[DONE]\n\ndata: [DONE]\r\n\r\n\u2028\u2029<b onclick=x>&amp;</b>\x1b[31m\x00\x85é😀\ufeff"


@pytest.fixture(scope="module")
def echo() -> Iterator[Bench]:
    """A worker that says what it is asked."""
    with bench(sim_spec("sim:echo?tokens_per_s=1000000", context=100_000)) as ready:
        yield ready


async def gather(items: AsyncIterator[object], seen: list[Token]) -> None:
    """Keep the tokens of a generation, as far as it comes."""
    async for item in items:
        seen += [item] if isinstance(item, Token) else []


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=80))
@example(NASTY)
def test_text_arrives_unharmed(echo: Bench, text: str) -> None:
    """Whatever a model says arrives as it said it."""
    answered = asyncio.run(ask(echo.connect(), text, max_tokens=1000))
    assert answered.text == text


async def test_text_of_a_model_name() -> None:
    """`sim:echo?text=…` says that text, whatever is in it."""
    with bench(sim_spec(f"sim:echo?text={quote(NASTY, safe='')}&tokens_per_s=1000")) as worker:
        assert (await ask(worker.connect(), "Hello")).text == NASTY


async def test_reasoning_has_its_channel() -> None:
    """What a model thinks before it answers comes in a channel of its own."""
    with bench(sim_spec("sim:echo?text=yes&reasoning=3")) as worker:
        answered = await ask(worker.connect(), "Hello")
    assert [token.channel for token in answered.tokens] == ["reasoning"] * 3 + ["content"]
    assert answered.text == "yes"
    assert answered.end.usage.completion_tokens == 4


async def test_bad_utf8_is_marked() -> None:
    """Bytes that are no UTF-8 become U+FFFD, and the rest of the answer is as it was."""
    with bench(sim_spec("sim:echo?text=one%20two%20three&bad_utf8_at_token=2")) as worker:
        answered = await ask(worker.connect(), "Hello")
    assert answered.text == "one\ufffd\ufffd two three"


async def test_stall_between_tokens() -> None:
    """A worker that falls silent has stalled; its slot is idle when the error comes, and it can be used again."""
    with bench(sim_spec("sim:words?stall_at_token=3&tokens_per_s=1000")) as worker:
        connection = worker.connect(patience=Patience(between_tokens_s=0.2))
        seen: list[Token] = []
        with pytest.raises(WorkerStalled) as stall:
            await gather(connection.generate(generation("Hello"), 0), seen)
        assert len(seen) == 2
        assert (stall.value.silent_s, stall.value.stopped) == (0.2, True)
        assert await connection.idle(0)
        assert len((await ask(connection, "Hello", max_tokens=2)).tokens) == 2


async def test_progress_renews_patience() -> None:
    """A prompt that takes long is waited for as long as it goes on."""
    with bench(sim_spec("sim:words?tokens=2&prefill_ms=900&tokens_per_s=1000")) as worker:
        answered = await ask(worker.connect(patience=Patience(first_token_s=0.5)), "word " * 900, max_tokens=5)
    assert len(answered.progress) > 5
    assert answered.tokens[0].dt_ms > 500


async def test_wedged_worker() -> None:
    """A worker that takes connections and never answers has stalled."""
    with bench(sim_spec("sim:words?wedge=1")) as worker:
        connection = worker.connect(patience=Patience(answer_s=0.2))
        with pytest.raises(WorkerStalled):
            await ask(connection, "Hello")
        with pytest.raises(WorkerStalled):
            await connection.idle(0)


async def test_stopped_process_proves_nothing() -> None:
    """Leaving a generation of a process that is stopped says that its end cannot be shown."""
    patience = Patience(answer_s=0.2, between_tokens_s=0.2, begin_s=0.2, stop_s=0.4)
    with bench(sim_spec("sim:words?tokens=900&tokens_per_s=50", context=4096)) as worker:
        items = worker.connect(patience=patience).generate(generation("Hello", max_tokens=900), 0)
        async for item in items:
            if isinstance(item, Token):
                break
        os.kill(worker.process.pid, signal.SIGSTOP)
        with pytest.raises(NotStopped) as error:
            await items.aclose()
        assert error.value.waited_s == 0.4


async def test_stall_that_goes_on() -> None:
    """A worker that is stopped in the middle of an answer has stalled, and is not said to have stopped its work."""
    patience = Patience(answer_s=0.2, between_tokens_s=0.2, begin_s=0.2, stop_s=0.4)
    with bench(sim_spec("sim:words?tokens=900&tokens_per_s=50", context=4096)) as worker:
        items = worker.connect(patience=patience).generate(generation("Hello", max_tokens=900), 0)
        async for item in items:
            if isinstance(item, Token):
                break
        os.kill(worker.process.pid, signal.SIGSTOP)
        with pytest.raises(WorkerStalled) as stall:
            await gather(items, [])
        assert stall.value.stopped is False


async def test_crash_keeps_what_came() -> None:
    """A worker that crashes at a token ends the answer there; the tokens before it have come."""
    with bench(sim_spec("sim:words?crash_at_token=5&tokens_per_s=1000")) as worker:
        seen: list[Token] = []
        with pytest.raises(WorkerDied):
            await gather(worker.connect().generate(generation("Hello"), 0), seen)
        assert len(seen) == 4
        assert worker.process.wait() == -signal.SIGSEGV


async def test_more_than_slots_is_refused() -> None:
    """An engine that is sent more than it has slots refuses, in its own words; it counts how many it had at once."""
    with bench(sim_spec("sim:words?tokens=20&tokens_per_s=50", slots=1)) as worker:
        connection = worker.connect()
        items = connection.generate(generation("Hello"), 0)
        await anext(items)
        with pytest.raises(EngineError, match="no slot is free"):
            await ask(connection, "Hello")
        await items.aclose()
        line = Line(worker.messages[-1]["url"], KEY, "w", WORLD)
        props = (await line.get("/props", limit_s=20.0)).data
        assert (props["requests_total"], props["requests_peak"]) == (1, 1)


@pytest.mark.parametrize(
    "raw",
    [
        answer(b"{}"),
        answer(b'{"input_tokens": null}'),
        STREAM + chunked(b"data: [DONE]\n\n"),
        answer(b"<html>", kind="text/html"),
    ],
    ids=["nothing", "no count", "stream", "html"],
)
async def test_foreign_engines_are_refused(raw: bytes) -> None:
    """Somebody else on that port is not taken for a worker."""
    async with answering([raw]) as line:
        connection = EngineConnection(f"http://{line._netloc}", "k", 100, "w", WORLD)
        with pytest.raises(WorkerProtocol):
            await ask(connection, "Hello", max_tokens=5)
        with pytest.raises(WorkerProtocol):
            await connection.idle(0)
