"""What is asked of an engine, in llama.cpp's own words, and whether it fits.

Source: the README of llama.cpp's HTTP server, `POST /v1/chat/completions` and `POST /completion`.
"""

from __future__ import annotations

import json
from typing import Any

from queenlib.engines.engine import Generation
from queenlib.errors import PromptTooLong

TEMPLATE_TOKENS = 1000
"""More than any model's template adds to a conversation by itself, such as a system prompt of its own."""

SPELLING = 100.0
"""Added to the scores of the tokens of a text that is to be spelled: more than any model sets between two of them. Of all
spellings that the grammar allows, it comes to be that of the tokenizer."""


def request(generation: Generation, slot: int) -> dict[str, Any]:
    """The body of the request for a generation in slot number `slot`."""
    sampling = generation.sampling
    body: dict[str, Any] = {
        "messages": [{"role": message.role, "content": message.content} for message in generation.messages],
        "stream": True,
        "stream_options": {"include_usage": True},
        "return_progress": True,
        "id_slot": slot,
        "cache_prompt": sampling.seed is None,  # what is read before changes the last bits, and so the text
        "max_tokens": sampling.max_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "min_p": sampling.min_p,
        "repeat_penalty": sampling.repetition_penalty,
        **sampling.engine_params.model_dump(exclude_none=True),
    }
    if sampling.stop:
        body["stop"] = list(sampling.stop)
    if sampling.seed is not None:
        body["seed"] = sampling.seed
    if sampling.json_schema is not None:
        body["response_format"] = {"type": "json_schema", "json_schema": {"schema": sampling.json_schema}}
    if generation.spelled:
        body["logprobs"], body["top_logprobs"] = True, 1  # by the model alone: what follows does not change them
        body["logit_bias"] = [[generation.spelled, SPELLING]]
    return body


def surely_fits(body: dict[str, Any], context: int) -> bool:
    """Whether prompt and answer fit in `context` tokens though no token were longer than a byte.

    As JSON, with all that is not ASCII escaped, each message takes more bytes than its text and what stands about it.
    """
    return len(json.dumps(body)) + TEMPLATE_TOKENS + int(body["max_tokens"]) <= context


def too_long(name: str, prompt_tokens: int, max_tokens: int, context: int) -> PromptTooLong:
    """The error for a prompt and an answer that do not fit in a slot of `context` tokens together."""
    total = prompt_tokens + max_tokens
    enough = 1 << (total - 1).bit_length()
    return PromptTooLong(
        f"{prompt_tokens:,} prompt + {max_tokens:,} max_tokens = {total:,} tokens; worker `{name}` has {context:,} a slot.",
        why="A prompt and its answer share one slot.",
        state="Nothing was generated.",
        next=f"Shorten by {total - context:,}, or spawn it with context={enough}.",
        prompt_tokens=prompt_tokens,
        max_tokens=max_tokens,
        context=context,
    )
