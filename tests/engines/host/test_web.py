"""As much HTTP as a simulated worker needs."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queenlib.engines.host import web


@given(st.binary(max_size=50))
def test_requests_are_read(body: bytes) -> None:
    """Method, path, headers and body come out as they were sent, once all is there; more than the body is not read."""
    raw = b"POST /x HTTP/1.1\r\nA-b:  C \r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    for end in range(len(raw)):
        assert web.request(raw[:end]) is None
    request = web.request(raw + b"more")
    assert request is not None
    assert (request.method, request.path, request.headers["a-b"], request.body) == ("POST", "/x", "C", body)


@pytest.mark.parametrize(
    "raw",
    [
        b"x\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: %s" % (b"x" * web.HEAD_BYTES),
        b"GET / HTTP/1.1\r\nX: %s\r\n\r\n" % (b"x" * web.HEAD_BYTES),
    ],
)
def test_rubbish_is_refused(raw: bytes) -> None:
    """What is no request, and never will be one, is told by an error."""
    with pytest.raises(ValueError, match=r"."):
        web.request(raw)


def test_answers() -> None:
    """Answers are whole; a refusal has llama.cpp's form; an event is one chunk."""
    head, _, body = web.problem(400, "bad", "no", n=1).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    assert json.loads(body) == {"error": {"code": 400, "message": "no", "type": "bad", "n": 1}}
    assert web.event(b"x") == b"9\r\ndata: x\n\n\r\n"
