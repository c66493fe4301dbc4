"""How a message becomes an answer."""

from __future__ import annotations

from starlette.responses import Response

from queenlib.messages.base import Message

HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
"""No browser may keep an answer, or take it for something else than it says it is."""


def answer(message: Message, status: int = 200) -> Response:
    """The answer that is a message."""
    return answer_json(message.model_dump_json().encode(), status)


def answer_json(body: bytes, status: int = 200) -> Response:
    """The answer that is this JSON."""
    return Response(body, status, HEADERS, "application/json")
