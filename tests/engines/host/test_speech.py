"""How a simulated model says what it has to say."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import asdict
from typing import Any

from queenlib.engines.host.caller import Caller
from queenlib.engines.host.script import script
from queenlib.engines.host.speech import BAD_UTF8, speak, tell
from queenlib.engines.host.web import Request
from queenlib.engines.simulated import SimSpec


async def said(sim: SimSpec, *, chunk: int = 2, whole: bool = False, **more: Any) -> bytes:
    """What goes over a socket."""
    body = {"messages": [{"role": "user", "content": "one two three four"}], **more}

    async def talk(_: Request, caller: Caller) -> None:
        script_ = script(asdict(sim), body)
        await (tell(asdict(sim), script_, caller) if whole else speak(asdict(sim), script_, chunk, caller))

    service = await asyncio.get_running_loop().create_server(lambda: Caller(talk), "127.0.0.1", 0)
    async with service:
        reader, writer = await asyncio.open_connection(*service.sockets[0].getsockname())
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        heard = await reader.read()
        writer.close()
        await writer.wait_closed()
    return heard


async def test_order_of_a_stream() -> None:
    """Progress in chunks, then the pieces, the reason, the account, and the end."""
    raw = await said(SimSpec("echo", text="a b", tokens_per_s=1e6))
    lines = [line.removeprefix(b"data: ") for line in raw.split(b"\n") if line.startswith(b"data: ")]
    assert lines.pop() == b"[DONE]"
    events = [json.loads(line) for line in lines]
    assert [event["prompt_progress"]["processed"] for event in events if "prompt_progress" in event] == [0, 2, 4, 5]
    assert [event["choices"][0]["delta"]["content"] for event in events[4:6]] == ["a", " b"]
    assert events[6]["choices"][0]["finish_reason"] == "stop"
    assert events[7]["usage"]["completion_tokens"] == 2
    assert events[7]["timings"]["predicted_ms"] >= 0


async def test_tokens_are_weighed_where_that_is_asked_for() -> None:
    """Those of the answer, and no thoughts."""
    raw = await said(SimSpec("echo", text="é b", reasoning=1, tokens_per_s=1e6), logprobs=True)
    events = [json.loads(line[6:]) for line in raw.split(b"\n") if line.startswith(b"data: {")]
    found = [choice["logprobs"]["content"] for event in events for choice in event["choices"] if "logprobs" in choice]
    assert [[bytes(token["bytes"]).decode() for token in tokens] for tokens in found] == [["é"], [" b"]]
    assert all(-4 <= token["logprob"] <= 0 for tokens in found for token in tokens)


async def test_bad_bytes_are_bad() -> None:
    """The token that was asked to be bad holds bytes that are no UTF-8; the others do not."""
    raw = await said(SimSpec("echo", text="a b c", bad_utf8_at_token=2, tokens_per_s=1e6))
    assert raw.count(BAD_UTF8) == 1
    assert b'"content": "' + BAD_UTF8 + b' b"' in raw


async def test_a_whole_answer_is_one_document() -> None:
    """What a stream says in pieces, with all that was counted, after the time that it takes."""
    began = time.monotonic()
    head, _, body = (await said(SimSpec("echo", text="a b", reasoning=2, tokens_per_s=40), whole=True)).partition(
        b"\r\n\r\n"
    )
    assert time.monotonic() - began >= 0.1
    assert head.startswith(b"HTTP/1.1 200 OK\r\nContent-Type: application/json")
    answer = json.loads(body)
    (choice,) = answer["choices"]
    assert choice["finish_reason"] == "stop"
    assert choice["message"] == {"role": "assistant", "content": "a b", "reasoning_content": "let me "}
    assert answer["usage"] == {"prompt_tokens": 5, "completion_tokens": 4, "total_tokens": 9}
