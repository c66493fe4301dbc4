"""From an error to an answer: one table, and one form of body (RFC 9457, "Problem Details for HTTP APIs")."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from queenlib.errors import (
    Conflict,
    Forbidden,
    InternalError,
    InvalidOperation,
    InvalidRequest,
    JobTimeout,
    NoRoom,
    NotFound,
    ProtocolMismatch,
    QueenClosed,
    QueenError,
    QueenUnreachable,
    QueueFull,
    StoreFailed,
    StoreFull,
    StreamInterrupted,
    TooLarge,
)

MEDIA_TYPE = "application/problem+json"

STATUS: Mapping[type[QueenError], int] = {
    QueenError: 500,
    InvalidRequest: 400,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    ProtocolMismatch: 409,
    TooLarge: 413,
    InvalidOperation: 422,
    QueenUnreachable: 502,
    StreamInterrupted: 502,
    QueueFull: 503,
    QueenClosed: 503,
    StoreFailed: 503,
    JobTimeout: 504,
    NoRoom: 507,
    StoreFull: 507,
}
"""The status of each class of errors; a class that is not here has that of its nearest ancestor."""


def status_of(error: type[QueenError]) -> int:
    """The status of a class of errors."""
    return next(STATUS[each] for each in error.__mro__ if each in STATUS)


def problem_body(error: QueenError, status: int) -> bytes:
    """The body of an answer that is an error; `queenlib.errors.revive(body["problem"])` is the way back."""
    body = {
        "type": error.kind,
        "title": error.what,
        "status": status,
        "detail": str(error),
        "problem": error.problem(),
    }
    return json.dumps(body, default=str).encode()


def answer_problem(error: QueenError, status: int | None = None, headers: Mapping[str, str] | None = None) -> Response:
    """The answer that is an error; `status` is the table's unless it is given."""
    status = status or status_of(type(error))
    more = {"cache-control": "no-store", "x-content-type-options": "nosniff", **(headers or {})}
    if isinstance(error, QueueFull):
        more["retry-after"] = str(math.ceil(error.fields.get("retry_after_s", 1)))
    return Response(problem_body(error, status), status, more, MEDIA_TYPE)


async def _queen_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, QueenError)
    return answer_problem(error)


async def _no_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return answer_problem(NotFound("There is nothing at this address.", next="GET /openapi.json says what there is."))
    allowed = (error.headers or {}).get("Allow", "")
    refused = InvalidRequest(
        f"{request.method} cannot be done here.",
        why=f"This address takes {allowed or 'other methods'}.",
        state="Nothing was done.",
        next="GET /openapi.json says what there is.",
    )
    return answer_problem(refused, error.status_code, error.headers)


async def _defect(_: Request, error: Exception) -> Response:
    return answer_problem(
        InternalError(
            f"The queen failed at this request: {type(error).__name__}.",
            why="That is a defect of queenlib.",
            state="What was asked for may or may not have been done.",
            next="The queen's own log has the traceback.",
            remote_traceback="",
        )
    )


HANDLERS: Mapping[Any, Any] = {QueenError: _queen_error, HTTPException: _no_route, Exception: _defect}
"""What Starlette does with each class of exceptions."""
