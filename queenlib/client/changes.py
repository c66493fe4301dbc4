"""A watch that comes back by itself, whatever breaks between the queen and who watches."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any

from pydantic import ValidationError

from queenlib.client.resume import TRIES, Line, backoff
from queenlib.errors import QueenUnreachable, StreamInterrupted, TooLarge
from queenlib.messages.change import Change
from queenlib.sse import Decoder
from queenlib.world import World


async def follow_changes(
    connect: Callable[[str], Line], form: type[Change[Any]], after: str, world: World, most: int = TRIES
) -> AsyncGenerator[Change[Any] | None]:
    """First `None`, once the stream is there; then its changes, without end.

    Args:
        connect: A new line to the stream, for what has changed since a revision.
        form: What a change is made of.
        after: The revision that the reader has; empty for none.
        world: Whose clock bounds the waits.
        most: How often in a row it is tried again without one change coming.

    Raises:
        QueenUnreachable: There was no line to begin with.
        StreamInterrupted: The line broke and could not be made again.
        QueenError: What the queen refused the stream with.
    """
    seen, tries, begun, why = after, 0, False, "The queen ended the stream."
    while True:
        try:
            async with connect(seen) as chunks:
                if not begun:
                    begun = True
                    yield None
                async for change in _changes(chunks, form):
                    seen, tries = change.revision, 0
                    yield change
        except QueenUnreachable as error:
            if not begun:
                raise
            why = str(error)
        except (ValidationError, TooLarge) as error:
            raise _interrupted("It sent something that is no change of this version of queenlib.") from error
        tries += 1
        if tries > most:
            raise _interrupted(why)
        await world.sleep(backoff(tries, world))


async def _changes(chunks: AsyncIterator[bytes] | None, form: type[Change[Any]]) -> AsyncGenerator[Change[Any]]:
    decoder = Decoder()
    if chunks is not None:
        async for chunk in chunks:
            for each in decoder.feed(chunk):
                yield form.model_validate_json(each.data)


def _interrupted(why: str) -> StreamInterrupted:
    return StreamInterrupted(
        "The watch broke.",
        why=why,
        state="What was watched does not mind.",
        next="Watch again: it begins with the whole list.",
        last_seq=0,
    )
