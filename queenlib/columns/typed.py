"""The columns that a JSON Schema makes: one for each field, of a type that has a word for what is missing.

They follow from the schema in the operation alone, so that they are the same near, far and after a restart.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

_TYPES: Mapping[str, str] = {"string": "string", "integer": "Int64", "number": "Float64", "boolean": "boolean"}
_ROOM: Mapping[str, tuple[float, float]] = {
    "Int64": (-(2**63), 2**63 - 1),
    "Float64": (-sys.float_info.max, sys.float_info.max),
}
"""From where to where a column's numbers go; those of JSON have no bounds."""


@dataclass(frozen=True)
class Field:
    """One column."""

    name: str
    """The names of the fields that lead to it, joined by dots; `answer` where the schema is no object."""
    path: tuple[str, ...]
    dtype: Any
    """`string`, `Int64`, `Float64`, `boolean`, categories for texts of which there are some, else `object`."""

    def series(self, answers: Sequence[Any]) -> pd.Series[Any]:
        """Its values, missing where an answer is `None` or has none of this, or one that the column cannot hold."""
        values = [self._value(answer) for answer in answers]
        return pd.Series([value if self._holds(value) else None for value in values], dtype=self.dtype)

    def unheld(self, answer: Any) -> str:
        """Why an answer is missing here though it has this field; empty where it is not."""
        value = self._value(answer)
        return "" if self._holds(value) else f"{self.name} is {value!s:.40}, for which {self.dtype} has no room"

    def _holds(self, value: Any) -> bool:
        room = _ROOM.get(str(self.dtype))
        return value is None or room is None or (isinstance(value, int | float) and room[0] <= value <= room[1])

    def _value(self, answer: Any) -> Any:
        for name in self.path:
            if not isinstance(answer, Mapping) or name not in answer:
                return None
            answer = answer[name]
        return answer


def fields(schema: Mapping[str, Any]) -> tuple[Field, ...]:
    """The columns of a schema."""
    return tuple(_fields(schema, (), schema, ()))


def _fields(
    schema: Mapping[str, Any], path: tuple[str, ...], root: Mapping[str, Any], around: Sequence[Any]
) -> Iterator[Field]:
    """Those of a schema that lies within those that have the properties `around`: one within itself is not taken apart."""
    plain = _plain(schema, root)
    properties = plain.get("properties")
    inside = any(properties is each for each in around)
    if plain.get("type") == "object" and isinstance(properties, Mapping) and properties and not inside:
        for name, each in properties.items():
            yield from _fields(each, (*path, name), root, (*around, properties))
        return
    yield Field(".".join(path) or "answer", path, _dtype(plain))


DEPTH = 8
"""So many references and wrappings are followed: they may lead round in a circle."""


def _plain(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    """A schema without what only says where it stands, or that it may be null."""
    for _ in range(DEPTH):
        reference = schema.get("$ref")
        if isinstance(reference, str) and reference.startswith("#/"):
            found: Any = root
            for part in reference[2:].split("/"):
                found = found.get(part.replace("~1", "/").replace("~0", "~"), {}) if isinstance(found, Mapping) else {}
            schema = {**found, **{name: each for name, each in schema.items() if name != "$ref"}}
            continue
        choices = schema.get("anyOf") or schema.get("oneOf")
        real = [each for each in choices if each.get("type") != "null"] if isinstance(choices, list) else []
        if len(real) == 1:
            schema = real[0]
            continue
        if isinstance(kinds := schema.get("type"), list) and len(named := [each for each in kinds if each != "null"]) == 1:
            schema = {**schema, "type": named[0]}
            continue
        break
    return schema


def _dtype(schema: Mapping[str, Any]) -> Any:
    choices = [each for each in schema.get("enum", ()) if each is not None]
    if choices and all(isinstance(each, str) for each in choices):
        return pd.CategoricalDtype(list(dict.fromkeys(choices)))
    return _TYPES.get(str(schema.get("type")), "object")
