"""What an answer took."""

from __future__ import annotations

from queenlib.messages.answer import Usage


def test_tokens_are_added_each_to_its_like() -> None:
    """Neither of both is changed."""
    one, other = (Usage(prompt_tokens=each, cached_tokens=each + 1, completion_tokens=each + 2) for each in (1, 10))
    assert one.plus(other) == Usage(prompt_tokens=11, cached_tokens=13, completion_tokens=15)
    assert one.prompt_tokens == 1
