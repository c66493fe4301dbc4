"""What a simulated model says to a request: all of it is known before the first token goes out."""

from __future__ import annotations

import json
import random
import re
import zlib
from dataclasses import dataclass
from typing import Any, Literal

from queenlib.engines.host.minimal_json import minimal

WORDS = [
    "the", "a", "hive", "bee", "queen", "worker", "honey", "comb", "wing", "field", "flower", "light", "wind", "rain",
    "hill", "river", "stone", "path", "finds", "makes", "keeps", "sees", "hears", "knows", "builds", "opens", "slow",
    "warm", "small", "bright", "old", "and",
]  # fmt: skip
THOUGHTS = ["let", "me", "think", "about", "this", "for", "a", "moment"]


@dataclass(frozen=True)
class Script:
    """An answer, in tokens."""

    prompt_tokens: int
    reasoning: tuple[str, ...]
    content: tuple[str, ...]
    finish: Literal["stop", "length"]
    logs: tuple[float, ...] = ()
    """How likely each of `content` is, where that is asked for: the logarithm of its probability."""


def count(messages: list[dict[str, str]]) -> int:
    """Tokens of a prompt: its words, and one for each message."""
    return sum(len(message["content"].split()) + 1 for message in messages)


def script(sim: dict[str, Any], body: dict[str, Any]) -> Script:
    """What the model `sim` (the fields of a `SimSpec`) answers to a request."""
    limit = body.get("max_tokens", 256)
    content, stopped = _until(_content(sim, body, limit), body.get("stop") or [])
    reasoning = [f"{THOUGHTS[i % len(THOUGHTS)]} " for i in range(sim["reasoning"])]
    cut = len(reasoning) + len(content) > limit
    asked = json.dumps(body["messages"])
    return Script(
        prompt_tokens=count(body["messages"]),
        reasoning=tuple(reasoning[:limit]),
        content=tuple(content[: max(0, limit - len(reasoning))]),
        finish="length" if cut or (body.get("ignore_eos") and not stopped) else "stop",
        logs=tuple(_log(asked, token) for token in content) if body.get("logprobs") else (),
    )


def _content(sim: dict[str, Any], body: dict[str, Any], limit: int) -> list[str]:
    schema = (body.get("response_format") or {}).get("json_schema", {}).get("schema")
    if schema is not None:
        return _pieces(json.dumps(minimal(schema), ensure_ascii=False))
    if sim["kind"] == "echo":
        asked = [message["content"] for message in body["messages"] if message["role"] == "user"]
        return _pieces(sim["text"] if sim["text"] is not None else asked[-1] if asked else "")
    chance = random.Random(sim["seed"] if body.get("seed") is None else body["seed"])  # noqa: S311 - not a secret
    words = [chance.choice(WORDS) for _ in range(limit if body.get("ignore_eos") else sim["tokens"])]
    return [word if i == 0 else f" {word}" for i, word in enumerate(words)]


def _log(asked: str, token: str) -> float:
    """From 0 down to -4, as the question and the token have it."""
    return -(zlib.crc32(f"{asked}{token}".encode()) % 4001) / 1000


def _pieces(text: str) -> list[str]:
    return re.findall(r"\s*\S+|\s+", text)


def _until(tokens: list[str], stops: list[str]) -> tuple[list[str], bool]:
    """The tokens before the first stop text, the last of them cut where it begins, and whether there was one."""
    text = "".join(tokens)
    ends = [at for at in (text.find(stop) for stop in stops) if at >= 0]
    if not ends:
        return tokens, False
    kept, left = [], min(ends)
    for token in tokens:
        if left <= 0:
            break
        kept.append(token[:left])
        left -= len(token)
    return kept, True
