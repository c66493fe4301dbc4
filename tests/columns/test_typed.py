"""The columns of a JSON Schema."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

import pandas as pd
import pytest
from pydantic import BaseModel

from queenlib.columns.typed import fields


class Mood(StrEnum):
    """How one feels."""

    GOOD = "good"
    BAD = "bad"


class Place(BaseModel):
    """Where."""

    city: str
    mood: Mood | None = None


class Review(BaseModel):
    """All kinds of fields."""

    label: Literal["yes", "no"]
    stars: int
    score: float | None
    sure: bool
    note: str | None = None
    words: list[str]
    place: Place
    other: Place | None = None
    either: int | str


KINDS = {
    "label": "category",
    "stars": "Int64",
    "score": "Float64",
    "sure": "boolean",
    "note": "string",
    "words": "object",
    "place.city": "string",
    "place.mood": "category",
    "other.city": "string",
    "other.mood": "category",
    "either": "object",
}


def test_each_field_has_its_type() -> None:
    """Nested ones by their path, enums as categories, optional ones as what they are when they are there."""
    found = fields(Review.model_json_schema())
    assert {field.name: str(field.dtype) for field in found} == KINDS
    assert list(found[7].dtype.categories) == ["good", "bad"]


@pytest.mark.parametrize("answers", [[], [None], [{}], [{"place": 3, "other": None}]])
def test_types_do_not_depend_on_the_answers(answers: list[Any]) -> None:
    """What is missing is missing, and the type stays."""
    for field in fields(Review.model_json_schema()):
        made = field.series(answers)
        assert str(made.dtype) == KINDS[field.name]
        assert made.isna().all() or field.name == "place.city"


def test_values_come_back() -> None:
    """Of each type, beside one that is missing."""
    answer = {
        "label": "no", "stars": 3, "score": None, "sure": True, "words": ["a"], "place": {"city": "Rome", "mood": "bad"}
    }  # fmt: skip
    made = pd.DataFrame({field.name: field.series([answer, None]) for field in fields(Review.model_json_schema())})
    first = made.iloc[0]
    assert (first["label"], first["stars"], first["sure"], first["words"]) == ("no", 3, True, ["a"])
    assert (first["place.city"], first["place.mood"]) == ("Rome", "bad")
    assert made.iloc[1].isna().all()
    assert first[["score", "note", "other.city"]].isna().all()


@pytest.mark.parametrize(
    ("schema", "dtype"),
    [
        ({"type": "string", "enum": ["a", "b"]}, "category"),
        ({"type": "string", "pattern": "x"}, "string"),
        ({"type": ["integer", "null"]}, "Int64"),
        ({"type": "array"}, "object"),
        ({"type": "object"}, "object"),
        ({"enum": [1, 2]}, "object"),
        ({"$ref": "#/nowhere"}, "object"),
        ({}, "object"),
    ],
)
def test_what_is_no_object_is_one_column(schema: dict[str, Any], dtype: str) -> None:
    """It is called `answer`."""
    [field] = fields(schema)
    assert (field.name, str(field.dtype)) == ("answer", dtype)


def test_one_that_contains_itself_comes_to_an_end() -> None:
    """It is taken apart once: what is of its own kind in it is one column."""
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}, "n": {"type": "integer"}}}
    found = fields({"$defs": {"Node": node}, "$ref": "#/$defs/Node"})
    assert [(field.name, str(field.dtype)) for field in found] == [("next", "object"), ("n", "Int64")]


@pytest.mark.parametrize(
    ("kind", "value", "held"),
    [
        ("integer", 2**63 - 1, True),
        ("integer", 2**63, False),
        ("integer", 1e300, False),
        ("integer", 4.0, True),
        ("number", 10**20, True),
        ("number", 10**400, False),
        ("array", [10**400], True),
    ],
)
def test_a_number_that_its_column_cannot_hold_is_missing(kind: str, value: Any, *, held: bool) -> None:
    """JSON's numbers have no bounds; the other rows are there, and why this one is not is told."""
    [field] = fields({"type": kind})
    made = field.series([value, None])
    assert made.notna().tolist() == [held, False]
    assert field.unheld(value) == ("" if held else f"answer is {value!s:.40}, for which {made.dtype} has no room")
    assert field.unheld(None) == ""
