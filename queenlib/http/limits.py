"""How much of a request is taken in, and for how long."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.types import Receive

from queenlib.errors import InvalidRequest, TooLarge
from queenlib.world import World


@dataclass(frozen=True)
class HttpLimits:
    """Bounds of one request."""

    body: int = 64 * 2**20
    """Bytes of a body: a table of ten thousand rows of 6,000 characters is one."""
    body_s: float = 30.0
    """Seconds in which the whole body must be there."""
    headers: int = 100
    """Lines in the head."""
    head: int = 16 * 2**10
    """Bytes of the head's names and values."""
    head_s: float = 30.0
    """Seconds in which the whole head must be there."""


async def read_body(receive: Receive, limits: HttpLimits, world: World) -> bytes | None:
    """The whole body; `None` if the caller has left. Never more than the limit is held.

    Raises:
        TooLarge: It is longer than the limit.
        InvalidRequest: It was not there in time.
    """
    body = bytearray()
    try:
        async with world.limit(limits.body_s):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return None
                body += message.get("body", b"")
                if len(body) > limits.body:
                    raise too_large(limits.body, f"more than {limits.body:,}")
                if not message.get("more_body"):
                    return bytes(body)
    except TimeoutError:
        raise InvalidRequest(
            f"The body was not there after {limits.body_s:g} s.",
            why=f"{len(body):,} bytes came.",
            state="Nothing was done.",
            next="Send it again, in one go.",
        ) from None


def too_large(limit: int, length: str) -> TooLarge:
    """The error for a body that is longer than `limit` bytes: so long."""
    return TooLarge(
        f"The body of the request has {length} bytes.",
        why=f"A queen takes {limit:,} at most in one request.",
        state="Nothing of it was kept, and nothing was done.",
        next="Send less: a long table belongs in several jobs, such as df.iloc[:5_000] and df.iloc[5_000:].",
        limit=limit,
    )
