"""The pieces of an answer, out of the events of its job."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator

from queenlib.client.feed import closing
from queenlib.errors import revive
from queenlib.messages.events import EndEvent, Event, TokenEvent


async def pieces(events: AsyncIterator[Event], channel: str) -> AsyncGenerator[str]:
    """Those of one channel, as they come.

    Raises:
        QueenError: What the job ended with, if it did not succeed.
    """
    async with closing(events) as stream:
        async for event in stream:
            if isinstance(event, TokenEvent) and event.data.channel == channel:
                yield event.data.text
            elif isinstance(event, EndEvent) and event.data.error is not None:
                raise revive(event.data.error.wire())
