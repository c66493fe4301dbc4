"""As much HTTP as a simulated worker needs; for one connection and one request."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

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


async def read(reader: asyncio.StreamReader) -> Request:
    """The request of a connection.

    Raises:
        ValueError: It is none.
        asyncio.IncompleteReadError: It was cut off.
    """
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *rest = head.split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in rest if line)}
    length = int(headers.get("content-length", "0"))
    if length > BODY_BYTES:
        raise ValueError("the body is too long")
    return Request(method, path, headers, await reader.readexactly(length))


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
