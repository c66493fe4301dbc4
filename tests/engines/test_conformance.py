"""What every engine does: the same tests for the real one and for the simulated one."""

from __future__ import annotations

import asyncio
import json
import signal
from typing import Any

import pytest

from queenlib.engines.engine import Connection, Generation
from queenlib.errors import EngineError, PromptTooLong, WorkerDied
from queenlib.messages.events import Progress, Token
from queenlib.messages.infer import ChatMessage, EngineParams, FinishReason, Sampling
from tests.engines.bench import Answered, Bench, ask, bench, generation, real_spec, sim_spec

BY_BEHAVIOUR = {"stop", "json_schema", "engine_params"}
"""What llama.cpp does not echo: its effect is tested, or it holds the others."""
COMMON: dict[str, Any] = {
    "max_tokens": 3,
    "temperature": 0.25,
    "top_p": 0.5,
    "top_k": 7,
    "min_p": 0.125,
    "repetition_penalty": 1.25,
    "seed": 4711,
}
FURTHER: dict[str, Any] = {
    "typical_p": 0.75,
    "top_n_sigma": 2.5,
    "presence_penalty": 0.5,
    "frequency_penalty": 0.375,
    "repeat_last_n": 33,
    "dry_multiplier": 0.5,
    "dry_base": 2.0,
    "dry_allowed_length": 5,
    "mirostat": 2,
    "mirostat_tau": 4.0,
    "mirostat_eta": 0.25,
    "xtc_probability": 0.25,
    "xtc_threshold": 0.375,
    "dynatemp_range": 0.125,
    "dynatemp_exponent": 1.5,
    "ignore_eos": True,
}
ITS_NAMES = {"repetition_penalty": "repeat_penalty"}


async def first(connection: Connection, kind: type, prompt: str, slot: int = 0) -> Any:
    """A generation that has just yielded its first item of a kind."""
    items = connection.generate(generation(prompt, max_tokens=200, engine_params=EngineParams(ignore_eos=True)), slot)
    async for item in items:
        if isinstance(item, kind):
            return items
    raise AssertionError(f"it yielded no {kind}")


async def test_a_text_is_spelled_and_each_of_its_tokens_weighed(connection: Connection) -> None:
    """By the model alone: the same after the same tokens, in as few of them as the tokenizer takes; else nothing is told."""
    made = []
    for text in ("neutral", "new", "très 🐝"):
        spelled = json.dumps(text, ensure_ascii=False)
        sampling = Sampling(max_tokens=40, temperature=0.0, json_schema={"type": "string", "enum": [text]})
        answered = Answered()
        asked = Generation((ChatMessage(role="user", content="How was it?"),), sampling, spelled)
        async for item in connection.generate(asked, 0):
            answered.add(item)
        assert json.loads(answered.text) == text
        made.append(answered.end.weighed)
        assert spelled.encode() in b"".join(token.text for token in made[-1])
        assert all(token.log <= 0 for token in made[-1])
    assert len(made[0]) <= 5  # a quote, a word or two parts of it, a quote, the end
    if made[0][0].text == made[1][0].text:
        assert made[0][0].log == pytest.approx(made[1][0].log, abs=0.05)
    assert not (await ask(connection, "Hi", max_tokens=3)).end.weighed


def test_loading_shows(worker: Bench) -> None:
    """A worker says that it loads, and then that it is ready: where, how much fits in a slot, how long it took."""
    loading, ready = worker.messages
    assert loading == {"type": "loading"}
    assert ready["type"] == "ready"
    assert ready["url"].startswith("http://127.0.0.1:")
    assert ready["context"] == 1024
    assert ready["load_s"] >= 0


async def test_answer_comes_whole(connection: Connection) -> None:
    """Progress of the prompt, then tokens with their times, then one account of it all."""
    answered = await ask(connection, "Say something about bees.", max_tokens=6, seed=1)
    end = answered.end
    assert answered.text
    assert len(answered.tokens) <= 6
    assert all(token.dt_ms >= 0 for token in answered.tokens)
    assert answered.tokens[0].dt_ms > 0
    assert [step.done for step in answered.progress] == sorted({step.done for step in answered.progress})
    assert answered.progress[-1].done == answered.progress[-1].total == end.usage.prompt_tokens
    assert 0 < end.usage.completion_tokens <= 6
    assert end.usage.cached_tokens == 0
    assert end.prefill_ms > 0
    assert end.decode_ms > 0


async def test_max_tokens_cut_off(connection: Connection) -> None:
    """An answer that reaches `max_tokens` ends with the reason `length`."""
    answered = await ask(connection, "Count to one hundred.", max_tokens=4, engine_params=EngineParams(ignore_eos=True))
    assert answered.end.reason is FinishReason.LENGTH
    assert answered.end.usage.completion_tokens == 4


async def test_stop_text_ends(connection: Connection) -> None:
    """A stop text ends the answer before it, with the reason `stop`."""
    asked: dict[str, Any] = {"prompt": "Tell a story about a hive.", "max_tokens": 24, "seed": 5, "temperature": 0.0}
    told = (await ask(connection, **asked)).text
    stop = told.split()[3]
    answered = await ask(connection, **asked, stop=(stop, "a text that never comes"))
    assert answered.text == told[: told.index(stop)]
    assert answered.end.reason is FinishReason.STOP


async def test_same_seed_same_text(connection: Connection) -> None:
    """The same seed gives the same text, another one another text."""
    prompt = "Invent a name for a bee and tell what it does."
    texts = [(await ask(connection, prompt, max_tokens=16, seed=seed, temperature=1.5)).text for seed in (7, 7, 8)]
    assert texts[0] == texts[1] != texts[2]


async def test_every_parameter_arrives(connection: Connection) -> None:
    """The engine itself echoes every parameter of sampling with the value that was asked for."""
    assert set(COMMON) | BY_BEHAVIOUR == set(Sampling.model_fields)
    assert set(FURTHER) == set(EngineParams.model_fields)
    await ask(connection, "Hello", **COMMON, engine_params=EngineParams(**FURTHER))
    echoed = await connection.settings(0)
    for name, value in {**COMMON, **FURTHER}.items():
        assert echoed[ITS_NAMES.get(name, name)] == pytest.approx(value, rel=1e-6), name


async def test_schema_is_obeyed(connection: Connection) -> None:
    """With a JSON Schema the answer is JSON of it."""
    schema = {
        "type": "object",
        "properties": {"colour": {"enum": ["red", "blue"]}, "many": {"type": "boolean"}},
        "required": ["colour", "many"],
        "additionalProperties": False,
    }
    answered = await ask(connection, "Describe a flower.", max_tokens=60, json_schema=schema, temperature=0.0, seed=1)
    made = json.loads(answered.text)
    assert made["colour"] in ("red", "blue")
    assert isinstance(made["many"], bool)


@pytest.mark.parametrize(("words", "max_tokens"), [(10, 1020), (1500, 8)])
async def test_too_long_is_refused(connection: Connection, words: int, max_tokens: int) -> None:
    """A prompt that does not fit with its answer is refused with the counts, and nothing is generated."""
    await ask(connection, "Hello", max_tokens=1, seed=99)
    with pytest.raises(PromptTooLong) as refusal:
        await ask(connection, "word " * words, max_tokens=max_tokens, seed=100)
    error = refusal.value
    assert error.prompt_tokens >= words
    assert (error.max_tokens, error.context) == (max_tokens, 1024)
    assert f"{error.prompt_tokens + max_tokens - 1024:,}" in error.next
    assert (await connection.settings(0))["seed"] == 99, "something was generated"


@pytest.mark.parametrize("kind", [Progress, Token])
async def test_leaving_stops(connection: Connection, kind: type) -> None:
    """Closing a generation while it reads its prompt or while it writes returns when its slot is idle."""
    items = await first(connection, kind, "word " * 300)
    assert not await connection.idle(0)
    await items.aclose()
    assert await connection.idle(0)


async def test_cancelling_stops(connection: Connection) -> None:
    """A task that is cancelled, even twice, ends only when its slot is idle."""
    began = asyncio.Event()

    async def listen() -> None:
        async for _ in connection.generate(generation("word " * 300, max_tokens=200), 0):
            began.set()

    task = asyncio.create_task(listen())
    await began.wait()
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await connection.idle(0)


async def test_leaving_before_the_answer_begins(connection: Connection) -> None:
    """A generation that is left right after it was asked for does not begin behind our back."""
    task = asyncio.create_task(ask(connection, "word " * 200, max_tokens=100))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    for _ in range(10):
        assert await connection.idle(0)
        await asyncio.sleep(0.02)


async def test_leaving_at_any_step_leaves_an_idle_slot(request: pytest.FixtureRequest, worker: Bench) -> None:
    """Whatever step of its asking somebody leaves at: who returns has asked nothing, or has seen what was asked end."""
    spec = sim_spec("sim:words?tokens=400&tokens_per_s=50", context=8192)  # room enough to ask without counting first
    if worker.engine.name == "llama_cpp":
        spec = real_spec(request.getfixturevalue("real_model_path"), context=8192)
    with bench(spec) as roomy:
        connection = roomy.connect()
        for steps in range(10):
            roomy.process.send_signal(signal.SIGSTOP)  # so that it sees at once what was asked, left, and asked next
            task = asyncio.create_task(ask(connection, "word " * 60, max_tokens=100))
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait({task}, timeout=0.05)
            looking = asyncio.create_task(connection.idle(0)) if task.done() else None
            await asyncio.sleep(0.02)
            roomy.process.send_signal(signal.SIGCONT)
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await (looking or connection.idle(0)), steps


async def test_neighbour_is_untouched(connection: Connection) -> None:
    """A generation in one slot is not disturbed when the one in the other slot is left."""
    lasting = EngineParams(ignore_eos=True)
    neighbour = asyncio.create_task(ask(connection, "Count.", slot=1, max_tokens=60, engine_params=lasting))
    items = await first(connection, Token, "Tell a story.", slot=0)
    await items.aclose()
    assert await connection.idle(0)
    answered: Answered = await neighbour
    assert answered.end.usage.completion_tokens == 60


async def test_key_is_needed(worker: Bench) -> None:
    """Whoever does not know the key is refused."""
    with pytest.raises(EngineError, match="Invalid API Key"):
        await ask(worker.connect(key="another"), "Hello")
    with pytest.raises(EngineError, match="Invalid API Key"):
        await worker.connect(key="").idle(0)


async def test_death_in_a_generation(request: pytest.FixtureRequest, worker: Bench) -> None:
    """A worker that is killed while it generates ends the generation at once, with an error that says so."""
    spec = sim_spec("sim:words?tokens=400&tokens_per_s=50")
    if worker.engine.name == "llama_cpp":
        spec = real_spec(request.getfixturevalue("real_model_path"))
    with bench(spec) as victim:
        connection = victim.connect()
        items = await first(connection, Token, "Tell a story.")
        victim.process.kill()
        with pytest.raises(WorkerDied):
            async for _ in items:
                pass


def test_end_of_input_ends_it(request: pytest.FixtureRequest, worker: Bench) -> None:
    """A worker whose input ends is gone, with exit code 0."""
    spec = sim_spec("sim:words")
    if worker.engine.name == "llama_cpp":
        spec = real_spec(request.getfixturevalue("real_model_path"))
    with bench(spec) as left:
        assert left.process.stdin
        left.process.stdin.close()
        assert left.process.wait(timeout=20) == 0
