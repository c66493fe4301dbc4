"""The streams of several jobs on one line that comes back by itself."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable

from pydantic import ValidationError

from queenlib.client.following import Following
from queenlib.client.resume import TRIES, Line, backoff, drain
from queenlib.errors import QueenUnreachable, TooLarge
from queenlib.messages.events import EVENT, Event
from queenlib.sse import Decoder
from queenlib.world import World


async def follow_all(
    connect: Callable[[Following], Line], following: Following, world: World, most: int = TRIES
) -> AsyncGenerator[Event | None]:
    """First `None`, once the stream is there; then each event of each job, once and in its order, up to the end of each.

    Args:
        connect: A new line to the stream, from where the reader is.
        following: Where the reader is; moves on.
        world: Whose clock bounds the waits.
        most: How often in a row it is tried again without one event coming.

    Raises:
        QueenUnreachable: There was no line to begin with.
        StreamInterrupted: The line broke and could not be made again.
        QueenError: What the queen refused the stream with.
    """
    tries, begun, why = 0, False, "The queen ended the stream before the end of each job."
    while True:
        try:
            async with connect(following) as chunks:
                if not begun:
                    begun = True
                    yield None
                if chunks is None:
                    return
                decoder = Decoder()
                async for chunk in chunks:
                    for event in [EVENT.validate_json(each.data) for each in decoder.feed(chunk)]:
                        if following.take(event):
                            tries = 0
                            yield event
                    if not following.left:
                        await drain(chunks, world)
                        return
        except QueenUnreachable as error:
            if not begun:
                raise
            why = str(error)
        except (ValidationError, TooLarge) as error:
            raise following.interrupted("It sent something that is no event of this version of queenlib.") from error
        except ValueError as error:
            why = str(error)
        tries += 1
        if tries > most:
            raise following.interrupted(why)
        await world.sleep(backoff(tries, world))
