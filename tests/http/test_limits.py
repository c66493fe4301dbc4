"""How much of a request is taken in."""

from __future__ import annotations

import asyncio

import pytest
from starlette.types import Message

from queenlib.errors import InvalidRequest, TooLarge
from queenlib.http.limits import HttpLimits, read_body
from queenlib.world import World

LIMITS = HttpLimits(body=10, body_s=0.1)


class Pieces:
    """A body that comes in these pieces, and then, if it is not whole, not at all."""

    def __init__(self, *pieces: bytes, whole: bool = True) -> None:
        self.left = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
        if whole:
            self.left[-1]["more_body"] = False

    async def __call__(self) -> Message:
        """The next piece."""
        if not self.left:
            await asyncio.Event().wait()
        return self.left.pop(0)


async def test_a_body_within_its_limit_is_whole() -> None:
    """To the last byte of it, in however many pieces."""
    assert await read_body(Pieces(b"01234", b"", b"56789"), LIMITS, World()) == b"0123456789"


async def test_reading_stops_at_the_limit() -> None:
    """What comes after the byte too many is not asked for."""
    pieces = Pieces(b"01234567", b"890", b"x" * 1000, b"y")
    with pytest.raises(TooLarge) as refused:
        await read_body(pieces, LIMITS, World())
    assert refused.value.limit == 10
    assert len(pieces.left) == 2


async def test_a_body_that_does_not_come() -> None:
    """It is waited for, and not for ever."""
    with pytest.raises(InvalidRequest, match=r"after 0\.1 s"):
        await read_body(Pieces(b"0", whole=False), LIMITS, World())


async def test_a_caller_that_left() -> None:
    """There is no body then, not a short one."""
    pieces = Pieces(b"01234", whole=False)
    pieces.left.append({"type": "http.disconnect"})
    assert await read_body(pieces, LIMITS, World()) is None
