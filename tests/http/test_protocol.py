"""What is refused before there is a request."""

from __future__ import annotations

import asyncio

import pytest

from queenlib.http.protocol import LIMITS
from tests.http.served import TOKEN, Served


async def test_a_head_without_end_is_cut_off(queen: Served) -> None:
    """One line or many: it is not kept until memory is full."""
    for block in (b"y" * 4096, b"X: y\r\n" * 512):
        async with queen.talk() as talk, asyncio.timeout(30):
            await talk.send(b"GET /health HTTP/1.1\r\nHost: x\r\nX: ")
            sent = 0
            while not talk.reader.at_eof() and sent < 100 * LIMITS.head:
                try:
                    await talk.send(block)
                except ConnectionError:
                    break
                sent += len(block)
                await asyncio.sleep(0)
            assert sent < 100 * LIMITS.head
    assert (await queen.ask("/health")).status == 200


async def test_a_long_body_is_no_long_head(queen: Served) -> None:
    """One after the other on one connection, each with a body longer than a head may be."""
    body = b'{"operation": "infer", "prompt": "' + b"x" * (8 * LIMITS.head) + b'", "nothing": 1}'
    async with queen.talk() as talk, asyncio.timeout(30):
        for _ in range(3):
            await talk.send(queen.request("/v1/jobs", "POST", body=body))
            assert (await talk.answer()).status == 422


@pytest.mark.parametrize(
    "start",
    [
        "GET http://evil.example/health HTTP/1.1", "GET * HTTP/1.1", "CONNECT evil.example:80 HTTP/1.1",
        "GET /h\xe9 HTTP/1.1", "GET  HTTP/1.1", "BREW /health HTTP/1.1", "GET /health HTTP/9.9", "nonsense", "\x16\x03\x01",
    ],
)  # fmt: skip
async def test_what_is_no_request_is_refused(queen: Served, start: str) -> None:
    """With 400, without a word of what it was, and the next caller is served."""
    async with queen.talk() as talk, asyncio.timeout(30):
        await talk.send(f"{start}\r\nHost: {queen.host}\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode("latin-1"))
        answer = await talk.answer()
    assert (answer.status, answer.body) == (400, b"Invalid HTTP request received.")
    assert (await queen.ask("/health")).status == 200


async def test_an_upgrade_is_not_taken(queen: Served) -> None:
    """There is HTTP here and nothing else."""
    headers = [
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]
    assert (await queen.ask("/health", headers=headers)).status == 200
    assert (await queen.ask("/v1/info", headers=headers, token=None)).status == 401
