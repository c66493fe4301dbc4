"""Reads what callers send, strictly: what could mean two things is refused."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection
from typing import Any

from starlette.requests import Request

from queenlib.errors import InvalidRequest
from queenlib.messages.job import RETRIES, Terms
from queenlib.messages.parse import parse_terms
from queenlib.messages.place import EVERY_MS

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


def read_query(request: Request, *known: str, several: Collection[str] = ()) -> dict[str, str]:
    """The fields of a request's query, but for those that it may have several times.

    Raises:
        InvalidRequest: There is one that is not known, or one twice that may be there once.
    """
    fields = [(name, value) for name, value in request.query_params.multi_items() if name not in several]
    found = dict(fields)
    if len(found) != len(fields) or not found.keys() <= set(known):
        raise InvalidRequest(
            "The query has a field that is not known here, or one twice.",
            why=f"Known is {', '.join((*known, *several)) or 'none'}.",
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


def read_decimal(text: str, name: str) -> float:
    """A number in decimal digits, with or without a point.

    Raises:
        InvalidRequest: It is none.
    """
    if re.fullmatch(r"[0-9]{1,16}(\.[0-9]{1,24})?", text):
        return float(text)
    raise InvalidRequest(
        f"{name} is not a number.",
        state="Nothing was done.",
        next=f"Send {name} in decimal digits, such as 60 or 0.5.",
    )


def read_cursor(request: Request) -> tuple[int, int]:
    """After which event a reader wants its stream: `Last-Event-ID`, else the query's `after`, else from the first.

    With it, from `every_ms`: in how many milliseconds what comes may come together.

    Raises:
        InvalidRequest: One is no number.
    """
    query, last = read_query(request, "after", "every_ms"), request.headers.getlist("last-event-id")
    if len(last) > 1:
        raise InvalidRequest("Last-Event-ID is there twice.", state="Nothing was sent.", next="Send it once.")
    after = read_number(last[0], "Last-Event-ID") if last else read_number(query.get("after", "0"), "after")
    return after, read_number(query.get("every_ms", "0"), "every_ms", most=EVERY_MS)


def read_terms(request: Request) -> Terms:
    """What the caller wants about the job beside its operation.

    That is the query's `start`, `retry`, `timeout`, `repeats` and each `tag`, and the header `Idempotency-Key`.

    Raises:
        InvalidRequest: One of them is not what it has to be.
    """
    query, tags = (
        read_query(request, "start", "retry", "timeout", "repeats", several=("tag",)),
        request.query_params.getlist("tag"),
    )
    keys = request.headers.getlist("idempotency-key")
    if len(keys) > 1:
        raise InvalidRequest("Idempotency-Key is there twice.", state="No job was made.", next="Send it once.")
    retry = read_number(query.get("retry", "0"), "retry", 0, RETRIES)
    key = keys[0].strip(" \t") if keys else None  # what RFC 9110, section 5.5, leaves out of a field's value
    timeout = read_decimal(query["timeout"], "timeout") if "timeout" in query else None
    return parse_terms(query.get("start", "now"), key, retry, tags, timeout, query.get("repeats"))


def wants_whole(request: Request) -> bool:
    """Whether the caller would have what was made beside the ticket for it: `Prefer: return=representation`.

    Preferences as in RFC 7240, section 2: of one that is there twice the first counts; their parameters say nothing here.
    """
    said = ",".join(request.headers.getlist("prefer")).split(",")
    pairs = [each.partition(";")[0].partition("=") for each in said]
    values = (value.strip().strip('"') for name, _, value in pairs if name.strip().lower() == "return")
    return next(values, "") == "representation"


def read_prune(body: dict[str, Any]) -> dict[str, Any]:
    """What is to be removed: `age_s`, `size` and `dry_run`, each optional.

    Raises:
        InvalidRequest: There is something else, or one is not what it has to be.
    """
    right = body.keys() <= {"age_s", "size", "dry_run"}
    right = right and _is_number(body.get("age_s"), int | float) and _is_number(body.get("size"), int)
    if right and isinstance(body.get("dry_run", False), bool):
        return body
    raise InvalidRequest(
        "The body does not say what is to be removed.",
        why="It has age_s (seconds), size (bytes) and dry_run (true or false), each optional, and nothing else.",
        state="Nothing was removed.",
        next='Send one such as {"age_s": 2592000, "dry_run": true}.',
    )


def read_epoch(request: Request) -> int | None:
    """Which epoch of a job a reader has seen events of; `None` if it does not say.

    Raises:
        InvalidRequest: It is no number.
    """
    said = request.headers.get("queen-epoch")
    return None if said is None else read_number(said, "Queen-Epoch")


def _is_number(value: Any, kind: Any) -> bool:
    return value is None or (isinstance(value, kind) and not isinstance(value, bool) and 0 <= value <= 2**53)


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
