"""Vectors of texts, as they come."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from queenlib.messages.base import Count, Message
from queenlib.messages.problem import Problem


class VectorsData(Message):
    """Some texts have their vectors, or the error for which they have none."""

    rows: Annotated[tuple[Count, ...], Field(min_length=1)]
    """The numbers of the texts, from 0, in the order of their vectors."""
    dimensions: Count = 0
    """Numbers in each vector; 0 where there is none."""
    data: Annotated[str, Field(repr=False)] = ""
    """All vectors, one after the other: base64 of 32-bit floats, the lowest byte first."""
    prompt_tokens: Count = 0
    """Tokens of the texts, by the engine's count."""
    error: Problem | None = None
    """Why these texts have no vector."""
