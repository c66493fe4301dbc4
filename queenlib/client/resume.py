"""A job's stream that comes back by itself, whatever breaks between the queen and its reader."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, suppress

from pydantic import ValidationError

from queenlib.errors import QueenUnreachable, StreamInterrupted, TooLarge
from queenlib.messages.events import EVENT, AttemptEvent, EndEvent, Event
from queenlib.sse import Decoder
from queenlib.world import World

TRIES = 8
"""How often in a row a stream is asked for again without one event coming."""
DRAIN_S = 0.1
"""Seconds in which the end of a stream has to come after its last event."""

Line = AbstractAsyncContextManager[AsyncIterator[bytes] | None]
"""One connection to a stream: its bytes, or `None` where nothing comes any more."""


class _Broken(Exception):
    """The line did not bring the stream to its end."""


async def follow(
    connect: Callable[[int], Line],
    after: int,
    world: World,
    most: int = TRIES,
    begun_anew: Callable[[AttemptEvent], None] | None = None,
) -> AsyncGenerator[Event | None]:
    """First `None`, once the stream is there; then each event after number `after`, once and in order, up to the end.

    Args:
        connect: A new line to the stream, for the events after a number.
        after: The last event that the reader has.
        world: Whose clock bounds the waits.
        most: How often in a row it is tried again without one event coming.
        begun_anew: Told when another attempt at the job begins, before anybody else is.

    Raises:
        QueenUnreachable: There was no line to begin with.
        StreamInterrupted: The line broke and could not be made again.
        QueenError: What the queen refused the stream with.
    """
    seen, tries, begun = after, 0, False
    while True:
        try:
            async with connect(seen) as chunks:
                if not begun:
                    begun = True
                    yield None
                if chunks is None:
                    return
                async for event in _events(chunks, seen):
                    seen, tries = event.seq, 0
                    if begun_anew is not None and isinstance(event, AttemptEvent):
                        begun_anew(event)
                    yield event
                    if isinstance(event, EndEvent):
                        await drain(chunks, world)
                        return
            raise _Broken("The queen ended the stream before the job's end.")
        except (_Broken, QueenUnreachable) as error:
            if not begun:
                raise
            tries += 1
            if tries > most:
                raise _interrupted(seen, str(error)) from error
        await world.sleep(backoff(tries, world))


async def drain(chunks: AsyncIterator[bytes], world: World) -> None:
    """Read a stream to its end, which comes at once after its last event: its connection can be used again."""
    with suppress(TimeoutError, QueenUnreachable):
        async with world.limit(DRAIN_S):
            async for _ in chunks:
                pass


def backoff(tries: int, world: World) -> float:
    """Seconds to wait before try number `tries` (from 1): 0.1, doubled each time up to 5, less up to half by chance."""
    return min(0.1 * 2.0 ** (tries - 1), 5.0) * (1 - world.random.random() / 2)


async def _events(chunks: AsyncIterator[bytes], seen: int) -> AsyncIterator[Event]:
    decoder = Decoder()
    async for chunk in chunks:
        for event in _read(decoder, chunk, seen):
            if event.seq <= seen:
                continue
            if event.first != seen + 1:
                raise _Broken(f"Event {event.first} came after event {seen}.")
            seen = event.seq
            yield event


def _read(decoder: Decoder, chunk: bytes, seen: int) -> list[Event]:
    try:
        return [EVENT.validate_json(each.data) for each in decoder.feed(chunk)]
    except (ValidationError, TooLarge) as error:
        raise _interrupted(seen, "It sent something that is no event of this version of queenlib.") from error


def _interrupted(seen: int, why: str) -> StreamInterrupted:
    return StreamInterrupted(
        f"The stream broke after event {seen}.",
        why=why,
        state="The job does not mind: it goes on where it is.",
        next=f"Go on from there: jobs.stream(job_id, after={seen}).",
        last_seq=seen,
    )
