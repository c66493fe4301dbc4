"""The worker of the simulated engine, as a program."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path

import pytest

from queenlib.engines.line import Line
from tests.engines.bench import KEY, WORLD, bench, sim_spec


@pytest.mark.parametrize(
    ("fault", "said", "code"),
    [("fail_load", ["loading", "failed"], 1), ("crash_load", ["loading"], 70), ("oom", ["loading"], -signal.SIGKILL)],
)
def test_faults_of_loading(fault: str, said: list[str], code: int) -> None:
    """A load goes wrong as it was asked to."""
    with bench(sim_spec(f"sim:words?{fault}=1&load_s=0.05")) as worker:
        assert [message["type"] for message in worker.messages] == said
        assert worker.process.wait(timeout=20) == code


def test_loading_takes_its_time() -> None:
    """`load_s` is how long it loads."""
    with bench(sim_spec("sim:words?load_s=0.2")) as worker:
        assert worker.messages[-1]["load_s"] >= 0.2


async def test_paths_and_their_guard() -> None:
    """Health is open to all, the rest to who knows the key; what is not there is not found."""
    with bench(sim_spec("sim:words")) as worker:
        url = worker.messages[-1]["url"]
        stranger, friend = Line(url, "no", "w", WORLD), Line(url, KEY, "w", WORLD)
        assert (await stranger.get("/health", limit_s=20.0)).status == 200
        for path in ("/slots", "/props", "/nowhere"):
            reply = await stranger.get(path, limit_s=20.0)
            assert (reply.status, reply.data["error"]["message"]) == (401, "Invalid API Key")
        assert (await friend.get("/nowhere", limit_s=20.0)).status == 404
        assert (await friend.get("/props", limit_s=20.0)).data["requests_peak"] == 0


async def test_overflow_is_told_as_llama_cpp_does() -> None:
    """A prompt beyond the context is refused with both counts."""
    with bench(sim_spec("sim:words", context=64)) as worker:
        line = Line(worker.messages[-1]["url"], KEY, "w", WORLD)
        body = {"messages": [{"role": "user", "content": "word " * 100}]}
        reply = await line.post("/v1/chat/completions", body, limit_s=20.0)
    assert reply.status == 400
    assert reply.data["error"]["type"] == "exceed_context_size_error"
    assert (reply.data["error"]["n_prompt_tokens"], reply.data["error"]["n_ctx"]) == (101, 64)


async def test_without_a_stream_the_answer_is_whole(tmp_path: Path) -> None:
    """As llama.cpp answers whom asks for no stream; the journal has its begin and its end."""
    with bench(sim_spec("sim:echo?tokens_per_s=1000"), journal := tmp_path / "journal") as worker:
        line = Line(worker.messages[-1]["url"], KEY, "w", WORLD)
        reply = await line.post("/v1/chat/completions", {"messages": [{"role": "user", "content": "a b"}]}, limit_s=20.0)
        async with asyncio.timeout(20):
            while journal.read_text().count("\n") < 2:  # it is written once the answer is
                await asyncio.sleep(0.01)
    assert (reply.status, reply.data["choices"][0]["message"]["content"]) == (200, "a b")
    assert [json.loads(said)["what"] for said in journal.read_text().splitlines()] == ["start", "end"]
