"""As much HTTP as a simulated worker needs; for one connection and one request."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

HEAD_BYTES = 64 * 1024
BODY_BYTES = 64 * 1024 * 1024
STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
)
STREAM_END = b"0\r\n\r\n"
REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
}


@dataclass(frozen=True)
class Request:
    """A request, whole."""

    method: str
    path: str
    headers: dict[str, str]
    """By their names in lower case."""
    body: bytes


def request(came: bytes | bytearray) -> Request | None:
    """The request that has come, once all of it has; what follows it is not looked at.

    Raises:
        ValueError: It is none.
    """
    ends = came.find(b"\r\n\r\n")
    if (ends if ends >= 0 else len(came)) > HEAD_BYTES:
        raise ValueError("the head is too long")
    if ends < 0:
        return None
    first, *rest = came[:ends].decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
    length = int(headers.get("content-length", "0"))
    if not 0 <= length <= BODY_BYTES:
        raise ValueError("the body is too long")
    begins = ends + 4
    if len(came) < begins + length:
        return None
    return Request(method, path, headers, bytes(came[begins : begins + length]))


def whole(status: int, data: Any) -> bytes:
    """A whole answer in JSON."""
    body = json.dumps(data, ensure_ascii=False).encode()
    head = f"HTTP/1.1 {status} {REASONS[status]}\r\nContent-Type: application/json; charset=utf-8\r\n"
    return f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body


def problem(status: int, kind: str, message: str, **more: Any) -> bytes:
    """A refusal, as llama.cpp writes it."""
    return whole(status, {"error": {"code": status, "message": message, "type": kind, **more}})


def event(data: bytes) -> bytes:
    """One event of a stream, as a chunk."""
    return chunk(b"data: " + data + b"\n\n")


def chunk(data: bytes) -> bytes:
    """A part of a stream."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"
