"""A conversation in a cell."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queenlib.messages.conversation import read, write
from queenlib.messages.infer import ChatMessage

MESSAGES = st.builds(ChatMessage, role=st.sampled_from(["system", "user", "assistant"]), content=st.text(max_size=9))


@given(st.lists(MESSAGES, min_size=1, max_size=4))
def test_what_is_written_is_read(messages: list[ChatMessage]) -> None:
    """Whether they are messages or their plain data."""
    assert read(write(messages)) == read(write(each.wire() for each in messages)) == tuple(messages)


def test_halves_of_characters_are_replaced() -> None:
    """As everywhere, so that a text can travel."""
    (message,) = read(write([{"role": "user", "content": "\ud800x"}]))
    assert message.content == "\ufffdx"


@pytest.mark.parametrize("cell", ["", "x", "{}", "[]", '[{"role": "robot", "content": "x"}]', write([3])])
def test_what_is_none_is_refused(cell: str) -> None:
    """With what is wrong."""
    with pytest.raises(ValueError, match=r"\w"):
        read(cell)
