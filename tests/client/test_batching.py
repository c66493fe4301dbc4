"""What a batch asks for, from loose arguments."""

from __future__ import annotations

from enum import Enum
from typing import Any

import pandas as pd
import pytest
from pydantic import BaseModel

from queenlib.client.batching import answer_schema, batch_operation, only, told
from queenlib.errors import Conflict, InvalidOperation, InvalidRequest
from queenlib.messages.model import ModelUsed
from queenlib.messages.template import Template
from queenlib.operations.questions import Asked, Questions


class Mood(Enum):
    """To choose from."""

    GOOD = "good"
    BAD = "bad"


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
    bads: list[tuple[Any, Any, Any]] = [
        (int, None, None), (list[int], None, None), ("Review", None, None), (None, [], None), (None, "good", None),
        (None, 3, None),
    ]  # fmt: skip
    for bad in bads:
        with pytest.raises(InvalidRequest, match=r"no pydantic model|no texts to choose from"):
            answer_schema(*bad)
    with pytest.raises(InvalidRequest, match="More than one form"):
        answer_schema(Review, ["a"], None)
    with pytest.raises(InvalidRequest, match="choices has 1, which is no text"):
        answer_schema(None, ["a", 1], None)  # type: ignore[list-item]


def test_choices_are_the_same_in_each_process() -> None:
    """A set has no order of its own: another order would be another question."""
    wanted = {"type": "string", "enum": ["bad", "good", "mixed"]}
    sets: list[Any] = [
        {"good", "bad", "mixed"},
        {"good": 1, "bad": 2, "mixed": 3}.keys(),
        pd.Series(["bad", "good", "mixed"]),
    ]
    assert [answer_schema(None, each, None) for each in sets] == [wanted] * 3
    assert answer_schema(None, Mood, None) == {"type": "string", "enum": ["good", "bad"]}  # type: ignore[arg-type]


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
    with pytest.raises(Conflict, match="choices cannot be another one"):
        only(whole, [1], {"choices": ["a"]})
    with pytest.raises(InvalidOperation):
        only(whole, [0], {"max_tokens": 0})


def test_equal_rows_are_told_apart_as_in_the_whole() -> None:
    """A row that is asked again has its own key, not that of one that was answered; also the next time."""
    asked = Asked(ModelUsed(name="sim:words"), "1")
    whole = batch_operation({"a": ["a", "a", "b", None, "a"]}, "{a}")
    keys = list(Questions(whole).keys(asked))
    some = only(whole, [1, 2, 4], {})
    assert some.equal_before == (1, 0, 2)
    assert list(Questions(some).keys(asked)) == [keys[1], keys[2], keys[4]]
    assert list(Questions(only(some, [2], {})).keys(asked)) == [keys[4]]
    assert some.kept().equal_before == ()
    assert some.beside()["equal_before"] == (1, 0, 2)
    assert only(batch_operation({"a": ["a", "a"]}, "{a}", temperature=0.0), [1], {}).equal_before == ()
    with pytest.raises(InvalidOperation, match="equal_before has 1 numbers"):
        batch_operation({"a": ["a", "a"]}, "{a}", equal_before=[1])


@pytest.mark.parametrize(("cache", "then"), [("read", "read"), ("refresh", "read"), ("off", "off")])
def test_who_keeps_no_answers_keeps_none_of_those_asked_again(cache: str, then: str) -> None:
    """But answers that were just made anew are taken."""
    assert only(batch_operation({"a": ["x"]}, "{a}", cache=cache), [0], {}).cache == then
