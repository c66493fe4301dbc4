"""The parts that the description of the API is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

REF = "#/components/schemas/{model}"
"""Where schemas are."""

_REFUSED = {
    "400": "The request cannot be read: its Host, its query, or its body.",
    "401": "No token, or not the right one.",
    "403": "A foreign Host or Origin.",
    "431": "The head is too long.",
}
_FAILED = {"500": "A defect of queenlib."}


def endpoint(
    name: str,
    summary: str,
    answers: Mapping[str, Any],
    parameters: Iterable[Mapping[str, Any]] = (),
    problems: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """One endpoint, with what every endpoint may refuse."""
    refused = {**_REFUSED, **(problems or {}), **_FAILED}
    return {
        "operationId": name,
        "summary": summary,
        "parameters": list(parameters),
        "responses": {**answers, **{status: _problem(said) for status, said in refused.items()}},
    }


def answered(status: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """An answer in JSON."""
    return {status: {"description": "Done.", "content": {"application/json": {"schema": schema}}}}


def _problem(description: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/problem+json": {"schema": ref("ProblemAnswer")}}}


def parameter(name: str, place: str, schema: Mapping[str, Any], description: str) -> dict[str, Any]:
    """One parameter of an endpoint."""
    return {"name": name, "in": place, "required": place == "path", "schema": schema, "description": description}


def ref(name: str) -> dict[str, str]:
    """Where the schema of a message is."""
    return {"$ref": REF.format(model=name)}
