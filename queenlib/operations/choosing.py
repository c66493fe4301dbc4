"""How likely each of some texts is as the answer, by the model itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import aclosing
from math import exp

from queenlib.engines.engine import Finished, Generation, Weighed
from queenlib.errors import PromptTooLong
from queenlib.hives.holding import Held
from queenlib.messages.infer import Sampling

SPARE_TOKENS = 8
"""Beyond one for each byte of a text: for blanks about it, and for the end."""


async def probabilities(held: Held, generation: Generation, choices: Sequence[str]) -> dict[str, float] | None:
    """The probability of each choice, given that the answer is one of them: all of them add up to 1.

    Each is spelled after the same question, in the slot that is held, as the model's tokenizer does. Its weight is the
    product of the probabilities that the model gives these tokens, before temperature and its like. The engine has read the
    question already; what is left is a few tokens for each choice. The likeliest need not be the answer: that is chosen one
    token at a time, and may be spelled otherwise.

    Args:
        held: The slot.
        generation: The question that was asked.
        choices: What may be answered.

    Returns:
        `None` where the engine does not say, or the slot has no room for the longest of them.

    Raises:
        QueenError: What went wrong meanwhile.
    """
    weights = list[float]()
    for choice in choices:
        weight = await _weight(held, generation, choice)
        if weight is None:
            return None
        weights.append(weight)
    return dict(zip(choices, shares(weights), strict=True))


async def _weight(held: Held, generation: Generation, choice: str) -> float | None:
    spelled = json.dumps(choice, ensure_ascii=False)
    sampling = Sampling(
        max_tokens=len(spelled.encode()) + SPARE_TOKENS, temperature=0.0, json_schema={"type": "string", "enum": [choice]}
    )
    finished = None
    try:
        async with aclosing(held.generate(Generation(generation.messages, sampling, spelled))) as items:
            async for item in items:
                finished = item if isinstance(item, Finished) else finished
    except PromptTooLong:
        return None
    return None if finished is None else weigh(finished.weighed, spelled)


def weigh(tokens: Iterable[Weighed], spelled: str) -> float | None:
    """The logarithm of the probability of these tokens, up to where the text is whole; `None` where it never is."""
    said, log, wanted = b"", 0.0, spelled.encode()
    for token in tokens:
        said, log = said + token.text, log + token.log
        if wanted in said:
            return log
    return None


def shares(logs: Sequence[float]) -> list[float]:
    """Weights, given by their logarithms, as parts of their sum."""
    most = max(logs)
    parts = [exp(log - most) for log in logs]
    return [part / sum(parts) for part in parts]
