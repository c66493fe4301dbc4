"""The columns that a JSON Schema makes: one for each field, of a type that has a word for what is missing.

They follow from the schema in the operation alone, so that they are the same near, far and after a restart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

_TYPES: Mapping[str, str] = {"string": "string", "integer": "Int64", "number": "Float64", "boolean": "boolean"}


@dataclass(frozen=True)
class Field:
    """One column."""

    name: str
    """The names of the fields that lead to it, joined by dots; `answer` where the schema is no object."""
    path: tuple[str, ...]
    dtype: Any
    """`string`, `Int64`, `Float64`, `boolean`, categories for texts of which there are some, else `object`."""

    def series(self, answers: Sequence[Any]) -> pd.Series[Any]:
        """Its values, missing where an answer is `None` or has none of this."""
        values: pd.Series[Any] = pd.Series([self._value(answer) for answer in answers], dtype=self.dtype)
        return values

    def _value(self, answer: Any) -> Any:
        for name in self.path:
            if not isinstance(answer, Mapping) or name not in answer:
                return None
            answer = answer[name]
        return answer


def fields(schema: Mapping[str, Any]) -> tuple[Field, ...]:
    """The columns of a schema."""
    return tuple(_fields(schema, (), schema, 0))


def _fields(schema: Mapping[str, Any], path: tuple[str, ...], root: Mapping[str, Any], depth: int) -> Iterator[Field]:
    plain = _plain(schema, root)
    properties = plain.get("properties")
    if plain.get("type") == "object" and isinstance(properties, Mapping) and properties and depth < DEPTH:
        for name, each in properties.items():
            yield from _fields(each, (*path, name), root, depth + 1)
        return
    yield Field(".".join(path) or "answer", path, _dtype(plain))


DEPTH = 8
"""Fields that lie deeper are not taken apart: a schema may contain itself."""


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
