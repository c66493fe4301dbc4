"""The smallest value that fits a schema."""

from __future__ import annotations

import json
from typing import Any

import pytest

from queenlib.engines.host.minimal_json import minimal


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string", "minLength": 2}, "xx"),
        ({"type": "integer", "minimum": 3}, 3),
        ({"type": "number"}, 0),
        ({"type": "boolean"}, False),
        ({"type": "null"}, None),
        ({"type": ["string", "null"]}, ""),
        ({"const": 7}, 7),
        ({"enum": ["a", "b"]}, "a"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, 0),
        ({"type": "array", "items": {"type": "string"}, "minItems": 2}, ["", ""]),
        ({"type": "array"}, []),
        ({"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "minItems": 2, "maxItems": 2}, [0, ""]),
        ({"type": "array", "prefixItems": [{"const": 1}], "items": {"const": 2}, "minItems": 3}, [1, 2, 2]),
        ({"type": "string", "pattern": r"^(?:\d{4})$"}, "0000"),
        ({"type": "string", "pattern": "^[a-z]+$", "minLength": 3}, "aaa"),
        ({"type": "string", "pattern": "^(?=z)", "minLength": 2}, "xx"),
        ({"properties": {"a": {"type": "integer"}, "b": {}}, "required": ["a"]}, {"a": 0}),
        ({"$ref": "#/$defs/a~1b", "$defs": {"a/b": {"const": 1}}}, 1),
        ({"$ref": "#/nowhere"}, None),
        (True, None),
    ],
)
def test_simple_schemas(schema: Any, value: Any) -> None:
    """Constants, enumerations, types, patterns, choices and references each have their smallest value."""
    assert minimal(schema) == value


def test_schema_in_itself_ends() -> None:
    """A schema that needs itself for ever ends at some depth."""
    deep = minimal({"$ref": "#/$defs/x", "$defs": {"x": {"properties": {"y": {"$ref": "#/$defs/x"}}, "required": ["y"]}}})
    assert json.dumps(deep).count("y") > 3
