"""The worker that simulates an engine: `python -P -m queenlib.engines.host.simulated`.

It speaks the part of llama.cpp's protocol that queenlib uses. Its configuration is what
`queenlib.engines.simulated.Simulated.launch` writes. Standard library only.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import os
import signal
import sys
import time
from contextlib import suppress
from typing import Any

from queenlib.engines.host import lifeline, web
from queenlib.engines.host.caller import Caller
from queenlib.engines.host.direction import direction, packed
from queenlib.engines.host.journal import Journal
from queenlib.engines.host.script import Script, count, script
from queenlib.engines.host.speech import die, speak, tell

SETTINGS: dict[str, Any] = {
    "seed": 4294967295, "temperature": 0.8, "dynatemp_range": 0.0, "dynatemp_exponent": 1.0, "top_k": 40, "top_p": 0.95,
    "min_p": 0.05, "top_n_sigma": -1.0, "xtc_probability": 0.0, "xtc_threshold": 0.1, "typical_p": 1.0,
    "repeat_last_n": 64, "repeat_penalty": 1.0, "presence_penalty": 0.0, "frequency_penalty": 0.0, "dry_multiplier": 0.0,
    "dry_base": 1.75, "dry_allowed_length": 2, "mirostat": 0, "mirostat_tau": 5.0, "mirostat_eta": 0.1, "max_tokens": -1,
    "ignore_eos": False, "stream": True,
}  # fmt: skip
"""What a slot echoes: llama.cpp's defaults, and what a request sets."""


LOAD_STEP_S = 0.25
"""A load says that it goes on so often, in seconds."""


class Slot:
    """A place for one generation."""

    def __init__(self, number: int, context: int) -> None:
        self.number, self.context, self.busy = number, context, False
        self.settings: dict[str, Any] | None = None

    def told(self) -> dict[str, Any]:
        """What `/slots` says of it."""
        shown = {"id": self.number, "n_ctx": self.context, "is_processing": self.busy}
        return shown if self.settings is None else {**shown, "params": self.settings}


class Simulation:
    """A simulated engine that is loaded."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.sim: dict[str, Any] = config["sim"]
        self._key, self._chunk = f"Bearer {config['key']}".encode(), config["prompt_chunk"]
        self._context, self._embeds = config["context"], config["embeddings"] and self.sim["dimensions"] > 0
        self._slots = [Slot(number, config["context"]) for number in range(config["slots"])]
        self._journal = Journal(config["journal"])
        self._total = self._peak = 0

    async def answer(self, request: web.Request, caller: Caller) -> None:
        """Answer one request."""
        with suppress(ValueError):
            if self.sim["wedge"]:
                await asyncio.Event().wait()
            elif request.path != "/health" and not self._knows_key(request):
                await caller.write(web.problem(401, "authentication_error", "Invalid API Key"))
            elif (request.method, request.path) == ("POST", "/v1/chat/completions"):
                await self._complete(json.loads(request.body), caller)
            elif (request.method, request.path) == ("POST", "/v1/embeddings"):
                await caller.write(await self._embed(json.loads(request.body)["input"]))
            else:
                await caller.write(self._look(request))

    def _knows_key(self, request: web.Request) -> bool:
        return hmac.compare_digest(request.headers.get("authorization", "").encode("latin-1"), self._key)

    def _look(self, request: web.Request) -> bytes:
        match request.method, request.path:
            case "GET", "/health":
                return web.whole(200, {"status": "ok"})
            case "GET", "/slots":
                return web.whole(200, [slot.told() for slot in self._slots])
            case "GET", "/props":
                counts = {"requests_peak": self._peak, "requests_total": self._total}
                return web.whole(200, {"total_slots": len(self._slots), **counts})
            case "POST", "/v1/chat/completions/input_tokens":
                return web.whole(200, {"input_tokens": count(json.loads(request.body)["messages"])})
            case "POST", "/tokenize":
                return web.whole(200, {"tokens": list(range(_tokens(json.loads(request.body)["content"])))})
            case _:
                return web.problem(404, "not_found_error", "File Not Found")

    async def _embed(self, texts: list[str]) -> bytes:
        if not self._embeds:
            text = "This server does not support embeddings. Start it with `--embeddings`"
            return web.problem(501, "not_supported_error", text)
        if any(_tokens(text) > self._context for text in texts):
            return web.problem(500, "server_error", "input is too large to process. increase the physical batch size")
        for text in texts:
            self._journal.note("start", [{"content": text}])
        self._total += 1
        if 0 < self.sim["mute_from"] <= self._total:
            await asyncio.Event().wait()
        if 0 < self.sim["crash_at_token"] <= self._total:
            die(signal.SIGSEGV, "simulated: segmentation fault, as asked for")
        await asyncio.sleep(self.sim["prefill_ms"] / 1000 * len(texts))
        made = [packed(direction(text, self.sim["dimensions"])) for text in texts]
        tokens = sum(map(_tokens, texts))
        for text in texts:
            self._journal.note("end", [{"content": text}])
        entries = [{"index": number, "object": "embedding", "embedding": each} for number, each in enumerate(made)]
        return web.whole(200, {"data": entries, "usage": {"prompt_tokens": tokens, "total_tokens": tokens}})

    async def _complete(self, body: dict[str, Any], caller: Caller) -> None:
        said = script(self.sim, body)
        if said.prompt_tokens >= self._context:
            text = f"request ({said.prompt_tokens} tokens) exceeds the available context size ({self._context} tokens)"
            counts = {"n_prompt_tokens": said.prompt_tokens, "n_ctx": self._context}
            await caller.write(web.problem(400, "exceed_context_size_error", text, **counts))
            return
        wanted = body.get("id_slot", -1)
        free = [slot for slot in self._slots if not slot.busy and wanted in (-1, slot.number)]
        if not free:
            await caller.write(web.problem(503, "unavailable_error", "no slot is free"))
            return
        slot = free[0]
        slot.busy, slot.settings = True, SETTINGS | {name: body[name] for name in SETTINGS if name in body}
        self._total += 1
        self._peak = max(self._peak, sum(slot.busy for slot in self._slots))
        self._journal.note("start", body["messages"])
        left = True
        try:
            await self._say(said, bool(body.get("stream")), caller)
            left = False
        finally:
            slot.busy = False
            self._journal.note("left" if left else "end", body["messages"])

    async def _say(self, said: Script, streamed: bool, caller: Caller) -> None:
        if 0 < self.sim["mute_from"] <= self._total:
            await asyncio.Event().wait()
        await (speak(self.sim, said, self._chunk, caller) if streamed else tell(self.sim, said, caller))


def _tokens(text: str) -> int:
    """Tokens of a text that a vector is made of: its words, and one."""
    return len(text.split()) + 1


def main() -> None:
    """Load, say that it is ready, and serve until the input ends."""
    config = lifeline.begin()
    lifeline.say({"type": "loading"})
    started = time.monotonic()
    _load(config["sim"])
    asyncio.run(_serve(Simulation(config), config["context"], started))


def _load(sim: dict[str, Any]) -> None:
    ready = time.monotonic() + sim["load_s"]
    while sim["stall_load"]:
        time.sleep(LOAD_STEP_S)
    while (left := ready - time.monotonic()) > 0:
        time.sleep(min(LOAD_STEP_S, left))
        if left > LOAD_STEP_S:
            lifeline.say({"type": "loading"})
    if sim["fail_load"]:
        lifeline.fail("it was asked to fail")
    if sim["crash_load"]:
        sys.stderr.write("simulated: crashes while it loads, as asked for\n")
        sys.stderr.flush()
        os._exit(70)
    if sim["oom"]:
        die(signal.SIGKILL, "simulated: out of memory: failed to allocate a buffer of 68719476736 bytes, as asked for")


async def _serve(simulation: Simulation, context: int, started: float) -> None:
    loop = asyncio.get_running_loop()
    service = await loop.create_server(lambda: Caller(simulation.answer), "127.0.0.1", 0)
    url = f"http://127.0.0.1:{service.sockets[0].getsockname()[1]}"
    sys.stderr.write(f"simulated: listening on {url}\n")
    sys.stderr.flush()
    lifeline.say({"type": "ready", "url": url, "context": context, "load_s": time.monotonic() - started})
    await service.serve_forever()


if __name__ == "__main__":
    main()
