"""Starts, ends and changes the queen in the background of a home, as somebody at a terminal does."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from math import inf

from queenlib.client.background import Background
from queenlib.client.incumbent import Incumbent
from queenlib.client.launch import Launch, launch
from queenlib.client.opening import how_to
from queenlib.errors import QueenError, StoreUnusable
from queenlib.file_lock import FileLock
from queenlib.home import Home
from queenlib.messages.filter import JobFilter
from queenlib.messages.state import State
from queenlib.registry.sqlite.connection import close, open_reader
from queenlib.registry.sqlite.failures import told
from queenlib.registry.sqlite.reading import Reading
from queenlib.world import World

LOOK_S = 0.5
"""Seconds between two looks at what she still has to do."""
END_S = 60.0
"""Seconds in which one who has been told to end, and answers no more, has to be gone."""
HEAR_S = 5.0
"""Seconds after which one who has been told to end now, and goes on answering, has not heard it."""

MOST = 1_000_000
"""Jobs that are looked at, at most, to see which were cut off."""

Watch = Callable[[Mapping[str, int] | None], None]
"""Is told, now and whenever it changes, how many of her jobs have not ended, by their state; `None` if it is not known."""


async def start(home: Home, world: World, how: Launch) -> Incumbent:
    """Start her, unless somebody has the home by then; gives the one who has it.

    Raises:
        QueenError: She cannot be started; it says why.
    """
    background = Background(home, world, how)
    try:
        await background.find(None)
    finally:
        await background.close()
    return await _there(home, world)


async def end(queen: Incumbent, world: World, watch: Watch, *, now: bool = False, grace_s: float | None = None) -> None:
    """Tell her to end, and wait until her process is gone. One who lets her jobs end already is not told again.

    Args:
        queen: She.
        world: The clock.
        watch: Is told what is waited for.
        now: Do not let her jobs end: they fail with `queen_closed`.
        grace_s: Seconds after which what has not ended fails like that; by default those that she gives her jobs, and
            never more.

    Raises:
        InUse: She may not be told; nothing was sent.
        QueenError: She was told, and is still there.
    """
    if now or not (queen.info and queen.info.draining):
        queen.tell(signal.SIGINT if now else signal.SIGTERM)
    begun = answered = world.monotonic()
    hurried = begun if now else inf
    last: object = object()
    while not await queen.ended(world, LOOK_S):
        asked = world.monotonic()
        if grace_s is not None and asked >= begun + grace_s and hurried == inf:
            hurried = asked
            queen.tell(signal.SIGINT)
        seen = await _looked(queen, world)
        if seen is not None:
            if asked >= hurried + HEAR_S:
                raise _goes_on(queen)
            answered = world.monotonic()
            if seen.unfinished != last:
                last = seen.unfinished
                watch(seen.unfinished)
        elif world.monotonic() >= answered + END_S:
            raise _stays(queen)


def cut_off(home: Home, since: datetime) -> int:
    """How many jobs have failed since then because their queen ended; 0 where that cannot be seen."""
    wanted = JobFilter(state=(State.FAILED,), ended_after=since)
    with suppress(QueenError), told(home.store):
        connection = open_reader(home.store)
        try:
            ended, _ = Reading(connection, home.store).page(MOST, None, wanted)
            return sum(job.reason == "queen_closed" for job in ended)
        finally:
            close(connection, home.store)
    return 0


async def idle(queen: Incumbent, world: World, watch: Watch) -> None:
    """Wait until none of her jobs is unfinished, or she is gone, or does not say what she has to do."""
    last: object = object()
    while (seen := await _looked(queen, world)) is not None and seen.unfinished:
        if seen.unfinished != last:
            last = seen.unfinished
            watch(seen.unfinished)
        await world.sleep(LOOK_S)


async def change(queen: Incumbent, world: World, watch: Watch, how: Launch, *, grace_s: float | None = None) -> Incumbent:
    """End her and start another on the same home; whoever wants a queen there meanwhile waits for that one.

    Args:
        queen: She.
        world: The clock.
        watch: Is told what is waited for.
        how: How the next one is started; where her port is not to be had, on another.
        grace_s: See `end`.

    Raises:
        InUse: She may not be told to end; nothing was sent.
        QueenError: She is still there; or the next one did not start.
    """
    starting = FileLock(queen.home.start_lock_file)
    held = starting.try_take()  # else somebody starts one already, who is the next one
    try:
        await end(queen, world, watch, grace_s=grace_s)
        if held:
            await _launched(queen.home, world, how)
    finally:
        starting.release()
    return await start(queen.home, world, replace(how, port=0))


async def _launched(home: Home, world: World, how: Launch) -> None:
    try:
        await launch(home, world, how)
    except StoreUnusable:
        raise
    except QueenError:
        if not how.port:
            raise
        await launch(home, world, replace(how, port=0))


async def _looked(queen: Incumbent, world: World) -> Incumbent | None:
    """How she is now; `None` if she does not answer, or it is another who does."""
    try:
        seen = await Incumbent.look(queen.home, world)
    except QueenError:
        return None
    return seen if seen is not None and seen.pid == queen.pid else None


async def _there(home: Home, world: World) -> Incumbent:
    if (queen := await Incumbent.look(home, world)) is not None:
        return queen
    raise QueenError(
        f"The queen of {home.path} was started, and is gone again.",
        why="She was told to end, or had nothing to do for as long as she was to wait (`--idle-exit`).",
        state="Nothing of hers runs.",
        next=f"Read what she said last: tail {home.logs / 'queen.log'}",
    )


def _stays(queen: Incumbent) -> QueenError:
    return QueenError(
        f"The queen of {queen.home.path} was told to end, and process {queen.address.pid} is still there.",
        why=f"She has not answered for {END_S:g} s.",
        state="Whether her jobs have ended cannot be known; the next queen says it.",
        next=f"Read what she said last: tail {queen.home.logs / 'queen.log'}; then end her: kill -9 {queen.address.pid}",
    )


def _goes_on(queen: Incumbent) -> QueenError:
    return QueenError(
        f"The queen of {queen.home.path} was told to end now, and process {queen.address.pid} goes on.",
        why="She was started where an interrupt is ignored, as by nohup, or with & in a script: she does not hear it.",
        state="No job of hers was cut off.",
        next=f"Let her jobs end, and then her: {how_to('down', queen.home)}; or end both: kill -9 {queen.address.pid}",
    )
