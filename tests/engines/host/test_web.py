"""As much HTTP as a simulated worker needs."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queenlib.engines.host import web


def read(raw: bytes) -> web.Request:
    """The request that some bytes are."""

    async def parse() -> web.Request:
        reader = asyncio.StreamReader()
        reader.feed_data(raw)
        reader.feed_eof()
        return await web.read(reader)

    return asyncio.run(parse())


@given(st.binary(max_size=50))
def test_requests_are_read(body: bytes) -> None:
    """Method, path, headers and body come out as they were sent; more than the body is not read."""
    request = read(b"POST /x HTTP/1.1\r\nA-b:  C \r\nContent-Length: %d\r\n\r\n%s" % (len(body), body + b"more"))
    assert (request.method, request.path, request.headers["a-b"], request.body) == ("POST", "/x", "C", body)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"x\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: 9\r\n\r\nshort",
        b"GET / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
    ],
)
def test_rubbish_is_refused(raw: bytes) -> None:
    """What is no request is told by an error."""
    with pytest.raises((ValueError, asyncio.IncompleteReadError)):
        read(raw)


def test_answers() -> None:
    """Answers are whole; a refusal has llama.cpp's form; an event is one chunk."""
    head, _, body = web.problem(400, "bad", "no", n=1).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    assert json.loads(body) == {"error": {"code": 400, "message": "no", "type": "bad", "n": 1}}
    assert web.event(b"x") == b"9\r\ndata: x\n\n\r\n"
