"""JSON Schemas that answers have to fit."""

from __future__ import annotations

from typing import Any

import pytest

from queenlib.messages.json_schema import SAID, check, choices, misfit

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer", "maximum": 5}}, "required": ["n"]}


@pytest.mark.parametrize("schema", [{"type": "nonsense"}, {"enum": 3}, {"properties": {"a": {"minimum": "x"}}}])
def test_what_is_no_schema_is_said(schema: dict[str, Any]) -> None:
    """With the place of what is wrong."""
    with pytest.raises(ValueError, match=r"json_schema is none: \$\."):
        check(schema)
    check(SCHEMA)
    check({})


@pytest.mark.parametrize(
    ("schema", "texts"),
    [
        ({"type": "string", "enum": ["b", "a", "b"]}, ("b", "a")),
        ({"type": "string", "enum": ["b", None]}, ()),
        ({"type": "string"}, ()),
        ({"type": "integer", "enum": [1]}, ()),
        (None, ()),
    ],
)
def test_texts_to_choose_from_are_found(schema: dict[str, Any] | None, texts: tuple[str, ...]) -> None:
    """Each once, in their order; of any other schema there are none."""
    assert choices(schema) == texts


@pytest.mark.parametrize(
    ("answer", "said"),
    [({"n": 5}, ""), ({"n": 6}, "$.n: 6 is greater than"), ({}, "$: 'n' is a required"), (None, "$: None is not of type")],
)
def test_what_does_not_fit_is_told_with_its_place(answer: Any, said: str) -> None:
    """And nothing of what does."""
    assert misfit(answer, SCHEMA).startswith(said)
    assert bool(misfit(answer, SCHEMA)) == bool(said)
    assert len(misfit({"n": "x" * 999}, SCHEMA)) <= SAID + 10
