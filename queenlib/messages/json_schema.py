"""JSON Schemas that answers have to fit: whether one is one, and what of an answer does not fit.

Source: JSON Schema, draft 2020-12 (https://json-schema.org/draft/2020-12).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SAID = 200
"""So much of what is wrong is said, in characters."""


def check(schema: Mapping[str, Any]) -> None:
    """See to it that this is a schema.

    Raises:
        ValueError: It is none.
    """
    from jsonschema import Draft202012Validator, SchemaError  # here: it is needed for answers with a schema alone

    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise ValueError(f"json_schema is none: {error.json_path}: {error.message[:SAID]}") from None


def choices(schema: Mapping[str, Any] | None) -> tuple[str, ...]:
    """The texts that a schema lets one choose from, each once; none where it is another one."""
    found = schema.get("enum") if schema is not None and schema.get("type") == "string" else None
    texts = found if isinstance(found, list | tuple) else ()
    return tuple(dict.fromkeys(texts)) if all(isinstance(each, str) for each in texts) else ()


def misfit(answer: Any, schema: Mapping[str, Any]) -> str:
    """Where an answer does not fit, and why; empty where it does."""
    from jsonschema import Draft202012Validator

    found = next(Draft202012Validator(schema).iter_errors(answer), None)
    return "" if found is None else f"{found.json_path}: {found.message[:SAID]}"
