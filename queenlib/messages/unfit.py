"""What of a payload JSON has no word for: where it is, and what it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic_core import PydanticSerializationError, to_json

DEPTH = 4
"""So deep a finding is looked for; what lies below, or leads back to itself, is named by what it is in."""

Place = tuple[int | str, ...]


def unfit(value: Any, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Each value that cannot be written as JSON, by its place, and what is wrong with it."""
    if _fits(value):
        return
    inner: Any = ()
    if len(place) < DEPTH and isinstance(value, Mapping | list | tuple):
        inner = value.items() if isinstance(value, Mapping) else enumerate(value)
    found = [each for name, item in inner for each in unfit(item, (*place, name))]
    yield from found or [(place, _problem(value, str(place[-1]) if place else ""))]


def _fits(value: Any) -> bool:
    try:
        to_json(value, inf_nan_mode="constants")
    except PydanticSerializationError:
        return False
    return True


def _problem(value: Any, name: str) -> str:
    if isinstance(value, str):
        at = next(i for i, each in enumerate(value) if "\ud800" <= each <= "\udfff")
        return f"has half of a surrogate pair at character {at:,}, which is no text"
    if isinstance(value, type) and hasattr(value, "model_json_schema"):
        return f"is a class and not plain JSON data; give {name}={value.__name__}.model_json_schema()"
    if isinstance(value, Mapping | list | tuple):
        return "has something in it that is not plain JSON data"
    return f"is not plain JSON data, but of type {type(value).__name__}"
