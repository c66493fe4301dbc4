"""A row of a batch, as it ended."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from queenlib.messages.answer import FinishReason, Usage
from queenlib.messages.base import Count, Message, Milliseconds, Said
from queenlib.messages.problem import Problem


class RowData(Message):
    """One row of a batch has its answer, or its error."""

    i: Count
    """The number of the row, from 0."""
    key: str = ""
    """What tells its question from all others; who asks it again is given this answer. Empty where it may not be."""
    text: Said = ""
    """The answer."""
    reasoning: Said = ""
    """What the model thought before it answered, where it tells."""
    parsed: Any = None
    """With a schema: the answer as data; `None` if it was cut off, or is not of the schema."""
    probabilities: Annotated[dict[str, float] | None, Field(exclude_if=lambda shares: shares is None)] = None
    """With `probabilities`: how likely each choice was by the model; they add up to 1. `None` where nobody says."""
    finish_reason: FinishReason | None = None
    """Why the answer ended; `None` where there is none."""
    error: Problem | None = None
    """Why there is no answer, or none that is of the schema."""
    usage: Usage | None = None
    ttft_ms: Milliseconds | None = None
    """From the request to the engine until the first piece of the answer came back."""
    decode_ms: Milliseconds | None = None
    """From the first piece of the answer to the last."""
    tokens_per_s: Annotated[float, Field(ge=0)] | None = None
    """Tokens after the first, by `decode_ms`; `None` for fewer than two."""
    cuts: Annotated[tuple[Count, ...], Field(exclude_if=lambda cuts: not cuts)] = ()
    """With `pieces`: where each piece ends in `reasoning` and `text`, joined, in code points."""
    dt_ms: Annotated[tuple[Milliseconds, ...], Field(exclude_if=lambda times: not times)] = ()
    """For each piece, the time since the one before, or for the first since the request, in milliseconds."""
    hive_id: str = ""
    """Where it was answered; empty where it was not."""
    worker_id: str = ""
    """Who answered it; empty where nobody did."""
    attempts: Count = 1
    """How often it was asked for this answer; 0 where nobody had to be asked."""
    cached: bool = False
    """Whether the answer was there already; the numbers are those of when it was made."""
