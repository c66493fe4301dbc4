"""Vectors from an engine, in llama.cpp's own words: what is asked, and what comes back.

Source: the README of llama.cpp's HTTP server, `POST /v1/embeddings` and `POST /tokenize`.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from queenlib.engines.faults import protocol
from queenlib.errors import NoEmbeddings, PromptTooLong

FLOAT_BYTES = 4
EXTRA_TOKENS = 8
"""More than any model puts about a text by itself."""


@dataclass(frozen=True)
class Embedded:
    """Vectors of texts, in their order."""

    data: bytes
    """All of them, one after the other: 32-bit floats, the lowest byte first."""
    dimensions: int
    """Numbers in each."""
    prompt_tokens: int
    """Tokens of all texts together."""


def request(texts: Sequence[str]) -> dict[str, Any]:
    """The body of the request for the vectors of `texts`."""
    return {"input": list(texts), "encoding_format": "base64"}


def surely_fits(text: str, context: int) -> bool:
    """Whether a text fits in `context` tokens though no token were longer than a byte."""
    return len(text.encode("utf-8", "replace")) + EXTRA_TOKENS <= context


def read(name: str, answer: Any, count: int) -> Embedded:
    """The vectors of an answer.

    Raises:
        WorkerProtocol: There are not `count` of them, or they are no vectors of one length.
    """
    try:
        entries = sorted(answer["data"], key=lambda entry: int(entry["index"]))
        vectors = [base64.b64decode(entry["embedding"], validate=True) for entry in entries]
        tokens = int(answer["usage"]["prompt_tokens"])
        numbers = [int(entry["index"]) for entry in entries]
    except (KeyError, TypeError, ValueError) as error:
        raise protocol(name, f"its vectors cannot be read: {error!r:.200}") from None
    lengths = {len(vector) for vector in vectors}
    size = max(lengths, default=0)
    if numbers != list(range(count)) or len(lengths) != 1 or not size or size % FLOAT_BYTES or tokens < 0:
        raise protocol(name, f"{len(vectors):,} vectors of {sorted(lengths)} bytes came, and {count:,} texts were sent")
    return Embedded(b"".join(vectors), size // FLOAT_BYTES, tokens)


def not_offered(name: str, said: Any) -> NoEmbeddings:
    """The error for a model, or a worker, that makes no vectors."""
    message = said.get("message", said) if isinstance(said, dict) else said
    return NoEmbeddings(
        f"Worker {name} makes no vectors of texts.",
        why=f"Its engine says: {str(message)[:2000]}",
        state="No vector was made.",
        next="Leave out worker=, or name a model that makes them: await queen.embed(texts, model=…)",
    )


def too_long(name: str, tokens: int, context: int) -> PromptTooLong:
    """The error for a text that does not fit in a slot of `context` tokens."""
    enough = 1 << (tokens - 1).bit_length()
    return PromptTooLong(
        f"The text has {tokens:,} tokens; worker `{name}` has {context:,} a slot.",
        why="A vector is made of a whole text, in one step.",
        state="It has no vector.",
        next=f"Shorten it by {tokens - context:,}, or have a worker for longer ones, if the model takes them: "
        f"await queen.workers.spawn(model, context={enough}, engine_args={{'embeddings': 'model'}})",
        prompt_tokens=tokens,
        max_tokens=0,
        context=context,
    )
