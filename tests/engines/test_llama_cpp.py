"""The queen's half of llama.cpp."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queenlib.engines.engine import LoadSpec
from queenlib.engines.llama_cpp import CHUNK_MAX, CHUNK_MIN, LlamaCpp, prompt_chunk
from queenlib.messages.worker import EngineArgs
from queenlib.world import World
from tests.engines.bench import ask, bench, real_spec


@pytest.mark.parametrize(
    ("size", "threads", "gpu", "tokens"),
    [
        (98_362_432, 1, False, 14),
        (98_362_432, 8, False, 117),
        (40 * 10**9, 4, False, 8),
        (1, 1, False, 512),
        (10**10, 1, True, 512),
    ],
)
def test_chunks(size: int, threads: int, gpu: bool, tokens: int) -> None:
    """A step of reading takes an eighth of a second by what was measured, within the limits."""
    assert prompt_chunk(size, threads, gpu=gpu) == tokens


@given(st.integers(0, 10**13), st.integers(1, 1024), st.booleans())
def test_chunks_are_bounded(size: int, threads: int, gpu: bool) -> None:
    """A chunk is never too small or too large, and never smaller with one thread more."""
    assert CHUNK_MIN <= prompt_chunk(size, threads, gpu=gpu) <= prompt_chunk(size, threads + 1, gpu=gpu) <= CHUNK_MAX


def test_launch_hides_the_key() -> None:
    """The key and the paths travel on the standard input, not among the arguments that all can see."""
    args = EngineArgs(prompt_chunk=17, cache_type_k="q8_0")
    spec = LoadSpec("m", Path("/models/m.gguf"), 10**9, "cuda:1", 512, 3, 2, -1, args)
    launch = LlamaCpp(World()).launch(spec, "a secret")
    assert "a secret" not in " ".join(launch.argv)
    assert json.loads(json.dumps(dict(launch.config))) == {
        "path": "/models/m.gguf",
        "key": "a secret",
        "context": 512,
        "slots": 3,
        "threads": 2,
        "device": "cuda:1",
        "gpu_layers": -1,
        "args": {"prompt_chunk": 17, "cache_type_k": "q8_0", "prompt_cache_mib": 256},
    }


def test_available() -> None:
    """The engine is there where its package is."""
    assert LlamaCpp(World()).available() == ""


async def test_engine_args_reach_it(real_model_path: Path) -> None:
    """A worker with every argument of the engine given loads and answers; the context is never more than the model's own."""
    args = EngineArgs(prompt_chunk=8, flash_attention=True, cache_type_k="q8_0", cache_type_v="q8_0", prompt_cache_mib=16)
    with bench(real_spec(real_model_path, context=16384, slots=1, args=args)) as worker:
        assert worker.messages[-1]["context"] == 8192
        answered = await ask(worker.connect(), "Say yes.", max_tokens=4)
    assert {step.done for step in answered.progress} > {8, 16, 24}
    assert answered.end.usage.completion_tokens > 0


@pytest.mark.parametrize("size", [0, 100, 3_000_000])
def test_broken_files_fail(real_model_path: Path, tmp_path: Path, size: int) -> None:
    """A file that is cut off is told as such, and the worker ends with exit code 1."""
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(real_model_path.read_bytes()[:size])
    with bench(real_spec(broken)) as worker:
        assert [message["type"] for message in worker.messages] == ["loading", "failed"]
        assert worker.messages[-1]["reason"]
        assert worker.process.wait() == 1
