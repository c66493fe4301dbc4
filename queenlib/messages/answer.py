"""How an answer ended, and what it took."""

from __future__ import annotations

from enum import StrEnum

from queenlib.messages.base import Count, Message


class FinishReason(StrEnum):
    """Why an answer ended."""

    STOP = "stop"
    """The model was done, or a stop text came."""
    LENGTH = "length"
    """`max_tokens` or the context was used up: the answer is cut off."""


class Usage(Message):
    """Tokens."""

    prompt_tokens: Count
    """Tokens of the prompt, cached ones included."""
    cached_tokens: Count
    """Of these, tokens that the engine had read before."""
    completion_tokens: Count
    """Tokens generated."""

    def plus(self, other: Usage) -> Usage:
        """Both together."""
        return Usage(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
        )
