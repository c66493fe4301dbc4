"""The ground of all messages: frozen, strict, closed, and text and data that can travel."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from queenlib.messages.base import Deleted, plain, whole

ANY_TEXT = st.text(st.characters(codec=None, categories=None) | st.characters(categories=["Cs"]), max_size=20)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT | st.binary(max_size=5) | st.just(object()),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner)
        | st.sets(st.integers(), max_size=3)
        | st.dictionaries(ANY_TEXT | st.integers() | st.none(), inner, max_size=4)
    ),
    max_leaves=15,
)


def test_a_message_is_frozen_closed_and_strict() -> None:
    """Nothing is changed, nothing unknown is taken, nothing is converted."""
    message = Deleted(kind="model", id="m")
    with pytest.raises(ValidationError):
        message.id = "n"  # type: ignore[misc]
    for wrong in ({"kind": "model", "id": 3}, {"kind": "model", "id": "m", "more": 1}, {"kind": "model"}):
        with pytest.raises(ValidationError):
            Deleted.model_validate(wrong)
    assert message.wire() == {"kind": "model", "id": "m"}


@given(ANY_TEXT)
def test_any_text_can_travel_once_it_is_whole(text: str) -> None:
    """Text without surrogates stays as it is; pairs are joined, halves become U+FFFD; doing it twice changes nothing."""
    made = whole(text)
    assert made.encode().decode() == made == whole(made)
    if not any("\ud800" <= character <= "\udfff" for character in text):
        assert made == text


def test_halves_of_a_pair_are_joined() -> None:
    """What was cut into two halves and put together again is the character that it was."""
    assert whole("a\ud83d\udc1db") == "a\N{HONEYBEE}b"
    assert whole("a\ud83d") == whole("a\udc1d") == "a�"


@given(ANYTHING)
def test_anything_becomes_plain_data(value: object) -> None:
    """Whatever it was, it can be written as JSON that every reader takes, and comes back the same."""
    made = plain(value)
    assert json.loads(json.dumps(made, allow_nan=False, ensure_ascii=False).encode()) == made


def test_what_json_has_no_word_for_becomes_text() -> None:
    """Paths and bytes are text, tuples and sets are lists, keys are text, numbers that are none are `None`."""
    made = plain({1: (Path("/x"), b"y"), "n": {float("inf")}, "s": [True, 2, 2.5, None]})
    assert made == {"1": ["/x", "b'y'"], "n": [None], "s": [True, 2, 2.5, None]}
