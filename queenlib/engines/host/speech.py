"""How a simulated model says what it has to say: in its time, in llama.cpp's protocol, and wrongly where it was asked to."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import sys
import time
from typing import Any, NoReturn

from queenlib.engines.host import web
from queenlib.engines.host.caller import Caller
from queenlib.engines.host.script import Script

BAD_UTF8 = b"\xff\xfe"
AGAIN_S = 0.1
"""Between two of what it sends in place of an answer, in seconds."""


async def speak(sim: dict[str, Any], said: Script, chunk: int, caller: Caller) -> None:
    """Write the whole answer as a stream.

    Args:
        sim: The fields of a `SimSpec`.
        said: The answer.
        chunk: Tokens of the prompt that are read in one step.
        caller: To whom.
    """
    await caller.write(web.STREAM_HEAD)
    began = time.monotonic()
    await _read_prompt(sim, said, chunk, caller)
    read = time.monotonic()
    tokens = [*(("reasoning_content", text) for text in said.reasoning), *(("content", text) for text in said.content)]
    for number, (channel, text) in enumerate(tokens, 1):
        pause_s = read + number / sim["tokens_per_s"] - time.monotonic()
        if pause_s > 0 or number > 1:  # a first token that is due leaves with the head
            await asyncio.sleep(max(0.0, pause_s))
        await _go_wrong(sim, number, caller)
        choice = _choice(**{channel: text})
        if channel == "content" and said.logs:
            log = said.logs[number - len(said.reasoning) - 1]
            choice[0]["logprobs"] = {"content": [{"token": text, "bytes": list(text.encode()), "logprob": log}]}
        await _send(caller, choice, bad=number == sim["bad_utf8_at_token"])
    await _send(caller, _choice(said.finish))
    times = {"prompt_ms": (read - began) * 1000, "predicted_ms": (time.monotonic() - read) * 1000}
    used = {"prompt_tokens": said.prompt_tokens, "completion_tokens": len(tokens)}
    await _send(caller, [], usage={**used, "prompt_tokens_details": {"cached_tokens": 0}}, timings=times)
    await caller.write(web.event(b"[DONE]") + web.STREAM_END)


async def tell(sim: dict[str, Any], said: Script, caller: Caller) -> None:
    """Write the whole answer at once, after the time that a stream of it takes.

    What goes wrong at a token goes wrong in streams alone.

    Args:
        sim: The fields of a `SimSpec`.
        said: The answer.
        caller: To whom.
    """
    made = len(said.reasoning) + len(said.content)
    times = {"prompt_ms": sim["prefill_ms"], "predicted_ms": 1000 * made / sim["tokens_per_s"]}
    await asyncio.sleep(sum(times.values()) / 1000)
    message = {"role": "assistant", "content": "".join(said.content)}
    if said.reasoning:
        message["reasoning_content"] = "".join(said.reasoning)
    used = {"prompt_tokens": said.prompt_tokens, "completion_tokens": made, "total_tokens": said.prompt_tokens + made}
    choice = {"index": 0, "finish_reason": said.finish, "message": message}
    answer = {"choices": [choice], "object": "chat.completion", "usage": used, "timings": times}
    await caller.write(web.whole(200, answer))


def die(number: signal.Signals, last_words: str) -> NoReturn:
    """End this worker by a signal, without a core file."""
    sys.stderr.write(f"{last_words}\n")
    sys.stderr.flush()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.kill(os.getpid(), number)
    raise AssertionError("a signal ends this process")


async def _read_prompt(sim: dict[str, Any], said: Script, chunk: int, caller: Caller) -> None:
    total = said.prompt_tokens
    for done in (*range(0, total, chunk), total):
        if done:
            step = chunk if done < total else (done - 1) % chunk + 1
            if sim["prefill_ms"]:
                await asyncio.sleep(sim["prefill_ms"] / 1000 * step / total)
        progress = {"total": total, "cache": 0, "processed": done}
        await _send(caller, _choice(role="assistant", content=None), prompt_progress=progress)


async def _send(caller: Caller, choices: list[Any], *, bad: bool = False, **more: Any) -> None:
    if bad:  # a mark that JSON writes in a way of its own, in place of which come the bad bytes
        choices[0]["delta"] = {name: f"\0{text}" for name, text in choices[0]["delta"].items()}
    data = json.dumps({"choices": choices, "object": "chat.completion.chunk", **more}, ensure_ascii=False).encode()
    await caller.write(web.event(data.replace(rb"\u0000", BAD_UTF8, 1) if bad else data))


def _choice(finish: str | None = None, **delta: Any) -> list[dict[str, Any]]:
    return [{"index": 0, "finish_reason": finish, "delta": delta}]


async def _go_wrong(sim: dict[str, Any], number: int, caller: Caller) -> None:
    if number == sim["stall_at_token"]:
        await asyncio.Event().wait()
    if number == sim["drip_at_token"]:
        await _for_ever(caller, web.chunk(b"d"))
    if number == sim["blank_at_token"]:
        await _for_ever(caller, web.event(json.dumps({"choices": _choice(content="")}).encode()))
    if number == sim["crash_at_token"]:
        await asyncio.sleep(0.05)  # what was said before is on its way
        die(signal.SIGSEGV, "simulated: segmentation fault, as asked for")


async def _for_ever(caller: Caller, data: bytes) -> None:
    while True:
        await caller.write(data)
        await asyncio.sleep(AGAIN_S)
