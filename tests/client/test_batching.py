"""What a batch asks for, from loose arguments."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from queenlib.client.batching import answer_schema, batch_operation, only, told
from queenlib.errors import Conflict, InvalidOperation, InvalidRequest
from queenlib.messages.template import Template


class Review(BaseModel):
    """A form of answer."""

    stars: int


def test_what_is_said_is_asked_for() -> None:
    """A template or messages; what is `None` was not said."""
    made = batch_operation({"a": ["x"]}, "{a}", model=None, max_tokens=7)
    assert (made.prompt, made.model, made.max_tokens, made.count) == ("{a}", None, 7, 1)
    talk = batch_operation({"a": ("x",)}, [{"role": "user", "content": "{a}"}])
    assert talk.messages is not None
    with pytest.raises(InvalidOperation, match="tempreture"):
        batch_operation({"a": ["x"]}, "{a}", tempreture=1)


@pytest.mark.parametrize(
    ("given", "schema"),
    [
        ((None, None, None), None),
        ((Review, None, None), Review.model_json_schema()),
        (({"type": "null"}, None, None), {"type": "null"}),
        ((None, ["good", "bad"], None), {"type": "string", "enum": ["good", "bad"]}),
        ((None, None, "a|b"), {"type": "string", "pattern": "^(?:a|b)$"}),
    ],
)
def test_each_form_of_answer_is_a_schema(given: tuple[Any, Any, Any], schema: dict[str, Any] | None) -> None:
    """That of a model, a schema itself, choices, a pattern."""
    assert answer_schema(*given) == schema


def test_what_is_no_column_is_refused() -> None:
    """A text is not a list of its characters."""
    for columns in ({"a": "abc"}, {"a": 3}, ["abc"], "abc"):
        with pytest.raises(InvalidRequest, match=r"columns|column .a."):
            batch_operation(columns, "{a}")  # type: ignore[arg-type]


def test_two_forms_are_refused() -> None:
    """Nobody can say which is meant; nor is what is none of them."""
    bads: list[tuple[Any, Any, Any]] = [(int, None, None), (None, [], None), (None, "good", None)]
    for bad in bads:
        with pytest.raises(InvalidRequest, match=r"no pydantic model|no texts to choose from"):
            answer_schema(*bad)
    with pytest.raises(InvalidRequest, match="More than one form"):
        answer_schema(Review, ["a"], None)


def test_the_model_is_told_the_schema() -> None:
    """After what it is told anyway; its braces ask for no column."""
    said = told("Be kind.", {"type": "object", "properties": {"é": {"description": "{x}"}}})
    assert Template(said).columns == ()
    assert Template(said).render({}) == (
        "Be kind.\n\nAnswer in JSON that fits this JSON Schema, and say nothing else:\n"
        '{"type": "object", "properties": {"é": {"description": "{x}"}}}'
    )
    assert told(None, {}).startswith("Answer in JSON")


def test_some_of_the_rows_are_asked_again() -> None:
    """With their own parameters, and what is different; without any there is nothing to ask."""
    whole = batch_operation({"a": list("wxyz")}, "{a}", by_row={"seed": [1, 2, None, 4]}, max_tokens=5)
    some = only(whole, [1, 3], {"max_tokens": 9})
    assert (some.columns, some.by_row, some.max_tokens) == ({"a": ("x", "z")}, {"seed": (2, 4)}, 9)
    bare = batch_operation({}, "x", rows=5)
    assert only(bare, [1, 4], {}).count == 2
    with pytest.raises(Conflict, match="No row has failed"):
        only(whole, [], {})
    with pytest.raises(InvalidOperation):
        only(whole, [0], {"max_tokens": 0})
