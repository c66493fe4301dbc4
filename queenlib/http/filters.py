"""Reads which jobs a caller means, and says in the description of the API how that is said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from starlette.requests import Request

from queenlib.errors import InvalidRequest
from queenlib.http.reading import read_query
from queenlib.messages.base import ID_PATTERN
from queenlib.messages.filter import JobFilter, parse_filter
from queenlib.messages.job import TAG_PATTERN
from queenlib.messages.state import State

SEVERAL = ("state", "operation", "tag")
"""What may be there several times."""
NAMES = ("hive", "worker", "model")
TIMES = ("created_after", "created_before", "ended_after", "ended_before")
FIELDS = (*NAMES, *TIMES, "reads")
"""What may be there once."""


def read_filter(request: Request, *more: str) -> tuple[dict[str, str], JobFilter]:
    """The other fields of a query, of which `more` are known, and which jobs it means.

    Raises:
        InvalidRequest: There is one that is not known, or one is not what it has to be.
    """
    query = read_query(request, *more, *FIELDS, several=SEVERAL)
    said: dict[str, Any] = {name: query.pop(name) for name in NAMES if name in query}
    said |= {name: _time(query.pop(name), name) for name in TIMES if name in query}
    said |= {"reads": read_truth(query.pop("reads"), "reads")} if "reads" in query else {}
    for name in SEVERAL:
        if values := request.query_params.getlist(name):
            said["tags" if name == "tag" else name] = values
    return query, parse_filter(**said)


def describe_filter() -> Sequence[tuple[str, dict[str, Any], str]]:
    """The fields of a query that choose jobs: the name of each, its schema, and what it says."""
    name = {"type": "string", "pattern": ID_PATTERN}
    time = {"type": "string", "format": "date-time"}
    return (
        ("state", _list({"enum": [str(state) for state in State]}), "Jobs in one of these states."),
        ("operation", _list({"type": "string"}), "Jobs of one of these operations."),
        ("tag", _list({"type": "string", "pattern": TAG_PATTERN}), "Jobs that have all of these tags."),
        ("hive", name, "Jobs that were asked for on this hive."),
        ("worker", name, "Jobs that were asked for on this worker."),
        ("model", {"type": "string"}, "Jobs that were asked for with this model."),
        ("created_after", time, "Jobs created then or later."),
        ("created_before", time, "Jobs created earlier."),
        ("ended_after", time, "Jobs that ended then or later."),
        ("ended_before", time, "Jobs that ended earlier."),
        ("reads", {"type": "boolean", "default": True}, "Whether jobs are meant too that only look at something."),
    )


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _time(text: str, name: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is not None and at.tzinfo is not None:
        return at
    raise InvalidRequest(
        f"{name} is no date and time with a time zone.",
        why="It is written as in RFC 3339; a + in a query is %2B.",
        state="Nothing was done.",
        next=f"Send one such as {name}=2026-01-31T12:00:00Z.",
    )


def read_truth(text: str, name: str) -> bool:
    """A field of a query that is `true` or `false`.

    Raises:
        InvalidRequest: It is neither.
    """
    if text in ("true", "false"):
        return text == "true"
    raise InvalidRequest(f"{name} is neither true nor false.", state="Nothing was done.", next=f"Send {name}=false.")
