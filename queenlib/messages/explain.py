"""What is wrong with a payload, in words for the one who wrote it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from itertools import groupby
from typing import Any

from pydantic_core import ErrorDetails

from queenlib.messages.base import ID_PATTERN, MODEL_PATTERN, SHA256_PATTERN, whole
from queenlib.messages.model import ALIAS_PATTERN

SHOWN = 80
"""Characters of a caller's own data that an error repeats at most."""

ALLOWED: Mapping[str, str] = {
    ID_PATTERN: "must be 1 to 63 lower-case letters, digits and hyphens, with no hyphen first or last",
    ALIAS_PATTERN: "must be 1 to 63 lower-case letters, digits, '.', '_' and '-', beginning with a letter or digit",
    MODEL_PATTERN: "must have no control characters, and no blank first",
    SHA256_PATTERN: "must be 64 lower-case hexadecimal digits",
}
"""What each pattern of a text allows."""

_WAY = re.compile(r"constrained-[a-z]+|literal\[.*\]")
"""What pydantic calls a way to fill a field that has several."""
_NEEDED: Mapping[str, str] = {
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "tuple_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
}
_INSTEAD: Mapping[str, tuple[str, str]] = {
    "schema": ("json_schema", "; give json_schema=MyModel.model_json_schema()"),
    "choices": ("json_schema", "; give json_schema={'type': 'string', 'enum': ['good', 'bad']}"),
    "regex": ("json_schema", "; give json_schema={'type': 'string', 'pattern': '^[0-9]+$'}"),
    "private": ("rows", "; only a single question can be private: queen.infer(prompt, private=True)"),
}
"""What is asked for by the name that it has elsewhere: a field that the operation has where this is meant, and the way."""
_BOUNDS: Mapping[str, tuple[str, str]] = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("more than", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("less than", "lt"),
}


def by_field(errors: Iterable[ErrorDetails]) -> list[Sequence[ErrorDetails]]:
    """Findings of pydantic, which has one for each way to fill a field that has several: these go together."""

    def field(error: ErrorDetails) -> object:
        return error["loc"][:-1] if error["loc"] and _WAY.fullmatch(str(error["loc"][-1])) else id(error)

    return [tuple(each) for _, each in groupby(errors, field)]


def describe(found: Sequence[ErrorDetails], names: Callable[[list[int | str]], Collection[str]]) -> dict[str, str]:
    """What pydantic finds of one field as a `field` and its `problem`.

    Args:
        found: The finding, or those about all ways to fill it.
        names: Which names there are where a location leads, the last part of it left out.
    """
    error, *others = found
    if others:
        ways = [_problem(each).removeprefix("must be ").partition("; got ")[0] for each in found]
        problem = f"must be {' or '.join(ways)}; got {_shown(error['input'])}"
        return {"field": path_of(error["loc"][1:-1]), "problem": problem}
    path = list(error["loc"][1:])
    match error["type"]:
        case "union_tag_not_found":
            return {"field": "operation", "problem": "is missing"}
        case "union_tag_invalid":
            name = str(error.get("ctx", {}).get("tag", ""))[:SHOWN]
            return {"field": "operation", "problem": f"{name!r} is unknown{nearest(name, names([]))}"}
        case "json_invalid":
            return {"field": "(payload)", "problem": f"is not JSON: {error['msg']}"}
        case "value_error":
            return {"field": path_of(path), "problem": error["msg"].removeprefix("Value error, ")}
        case "missing":
            return {"field": path_of(path), "problem": "is missing"}
        case "extra_forbidden":
            return {"field": path_of(path), "problem": unknown(str(path[-1]), names(list(error["loc"])))}
    return {"field": path_of(path), "problem": _problem(error)}


def _problem(error: ErrorDetails) -> str:
    kind, limits, given = error["type"], error.get("ctx", {}), error["input"]
    match kind:
        case "string_pattern_mismatch":
            return f"{ALLOWED.get(limits['pattern'], error['msg'])}; got {_shown(given)}"
        case "string_too_long":
            return f"has {len(given):,} characters; the limit is {limits['max_length']:,}"
        case "string_too_short":
            return f"has {len(given)} characters; it needs {limits['min_length']}"
        case "too_long":
            return f"has {len(given):,} items; the limit is {limits['max_length']:,}"
        case "too_short":
            return f"has {len(given)} items; it needs {limits['min_length']}"
        case "enum" | "literal_error":
            return f"must be {limits['expected']}; got {_shown(given)}"
        case _ if kind in _BOUNDS:
            words, limit = _BOUNDS[kind]
            bound = limits[limit]
            return f"must be {words} {bound:{',' if isinstance(bound, int) else 'g'}}; got {_shown(given)}"
    needed = _NEEDED.get(kind) or f"{error['msg'][:1].lower()}{error['msg'][1:]}"
    return f"{needed}; got {_shown(given)}"


def unknown(name: str, known: Collection[str]) -> str:
    """That there is no field of that name, and what is meant by it: what has another name here, or a name that is near."""
    sign, way = _INSTEAD.get(name, ("", ""))
    return f"is unknown{way if sign in known else nearest(name[:SHOWN], known)}"


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint such as `; did you mean 'hive_list'?`, or nothing if no known name is near."""
    found = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"; did you mean {found[0]!r}?" if found else ""


def path_of(location: Iterable[int | str]) -> str:
    """A place in a payload, as errors name it."""
    return ".".join(whole(str(part)[:SHOWN]) for part in location) or "(payload)"


def _shown(given: Any) -> str:
    text = repr(given[:SHOWN] if isinstance(given, str) else given)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
