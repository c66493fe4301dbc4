"""Where in a payload something is that JSON has no word for."""

from typing import Any

import pytest

from queenlib.messages.answer import Usage
from queenlib.messages.unfit import DEPTH, unfit

RING: list[Any] = []
RING.append(RING)
DEEP: Any = object()
for _ in range(DEPTH + 2):
    DEEP = {"a": DEEP}


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"a": [1, "x", None, 0.5], "b": {}}, []),
        (object(), [((), "is not plain JSON data, but of type object")]),
        ({"a": "x", "b": ["y", {"c": b"\xff"}]}, [(("b", 1, "c"), "is not plain JSON data, but of type bytes")]),
        ({"a": "x\udc1d", "b": range(3)}, [
            (("a",), "has half of a surrogate pair at character 1, which is no text"),
            (("b",), "is not plain JSON data, but of type range"),
        ]),
        ({"a": Usage}, [(("a",), "is a class and not plain JSON data; give a=Usage.model_json_schema()")]),
        ({"a": {"\udc1d": 1}}, [(("a",), "has something in it that is not plain JSON data")]),
        (RING, [((0,) * DEPTH, "has something in it that is not plain JSON data")]),
        (DEEP, [(("a",) * DEPTH, "has something in it that is not plain JSON data")]),
    ],
)  # fmt: skip
def test_what_json_has_no_word_for_is_found(value: Any, found: Any) -> None:
    """Each has its place and its words; what is too deep, or in itself, is named by what it is in."""
    assert list(unfit(value)) == found
