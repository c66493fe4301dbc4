"""Reads what callers send, strictly: what could mean two things is refused."""

from __future__ import annotations

import json
import math
import re
from typing import Any, Literal

from starlette.requests import Request

from queenlib.errors import InvalidRequest

DEPTH = 32
"""How deep the lists and objects of a body may be nested."""


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object that a body is.

    Raises:
        InvalidRequest: It is none: no UTF-8, no JSON, a key twice, too deep, a number that is none, or not an object.
    """
    try:
        found = json.loads(body.decode(), object_pairs_hook=_once, parse_constant=_finite, parse_float=_finite)
    except RecursionError:
        raise _unreadable(f"it is nested more than {DEPTH} deep") from None
    except UnicodeDecodeError as error:
        raise _unreadable(f"byte {error.start:,} is no UTF-8") from None
    except ValueError as error:
        raise _unreadable(str(error)[:200]) from None
    if not isinstance(found, dict):
        raise _unreadable("it is not an object")
    if _deeper_than(DEPTH, found):
        raise _unreadable(f"it is nested more than {DEPTH} deep")
    return found


def read_query(request: Request, *known: str) -> dict[str, str]:
    """The fields of a request's query.

    Raises:
        InvalidRequest: There is one that is not known, or one twice.
    """
    fields = request.query_params.multi_items()
    found = dict(fields)
    if len(found) != len(fields) or not found.keys() <= set(known):
        raise InvalidRequest(
            "The query has a field that is not known here, or one twice.",
            why=f"Known is {', '.join(known) or 'none'}.",
            state="Nothing was done.",
            next="GET /openapi.json says what there is.",
        )
    return found


def read_number(text: str, name: str, least: int = 0, most: int = 10**15) -> int:
    """A whole number in decimal digits.

    Raises:
        InvalidRequest: It is none, or not in its range.
    """
    if re.fullmatch(r"[0-9]{1,16}", text) and least <= int(text) <= most:
        return int(text)
    raise InvalidRequest(
        f"{name} is not a whole number from {least:,} to {most:,}.",
        state="Nothing was done.",
        next=f"Send {name} in decimal digits.",
    )


def read_cursor(request: Request) -> int:
    """After which event a reader wants its stream: `Last-Event-ID`, else the query's `after`, else from the first.

    Raises:
        InvalidRequest: It is no number.
    """
    after, last = read_query(request, "after").get("after", "0"), request.headers.getlist("last-event-id")
    if len(last) > 1:
        raise InvalidRequest("Last-Event-ID is there twice.", state="Nothing was sent.", next="Send it once.")
    return read_number(last[0], "Last-Event-ID") if last else read_number(after, "after")


def read_start(request: Request) -> Literal["now", "on_stream"]:
    """When the job is to start.

    Raises:
        InvalidRequest: It says something else than `now` or `on_stream`.
    """
    match read_query(request, "start").get("start", "now"):
        case "now":
            return "now"
        case "on_stream":
            return "on_stream"
    raise InvalidRequest("start is neither now nor on_stream.", state="No job was made.", next="Leave it out, or say which.")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object has a key twice")
    return found


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is not finite")
    return number


def _deeper_than(depth: int, value: object) -> bool:
    level = [value]
    for _ in range(depth):
        level = [child for each in level for child in _children(each)]
    return any(isinstance(each, dict | list) for each in level)


def _children(value: object) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []


def _unreadable(why: str) -> InvalidRequest:
    return InvalidRequest(
        "The body cannot be read as a JSON object.",
        why=f"{why[:1].upper()}{why[1:]}.",
        state="No job was made.",
        next='Send one such as {"operation": "hive_list"}.',
    )
