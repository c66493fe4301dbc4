"""`queenlib down`: the queen in the background ends."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from queenlib.cli.ending import ending
from queenlib.cli.homes import GraceOption, HomeOption, Waiting, cut_off, nobody, say
from queenlib.home import Home
from queenlib.world import World


def down(
    now: Annotated[bool, typer.Option("--now", help="Do not let her jobs end first.")] = False,
    grace: GraceOption = None,
    home: HomeOption = None,
) -> None:
    """Let the queen's jobs end, for 30 s at most, and then end her."""
    with ending():
        asyncio.run(_down(Home.named(home), now=now, grace_s=grace))


async def _down(home: Home, *, now: bool, grace_s: float | None) -> None:
    from queenlib.client import lifecycle
    from queenlib.client.incumbent import Incumbent

    world = World()
    queen = await Incumbent.look(home, world)
    if queen is None:
        typer.echo(nobody(home))
        return
    begun, waiting = world.now(), Waiting("lets her jobs end" if not now else "ends her jobs")
    try:
        await lifecycle.end(queen, world, waiting, now=now, grace_s=grace_s)
    except asyncio.CancelledError:
        say("she has been told to end, and does; at once: queenlib down --now")
        raise
    if cut := lifecycle.cut_off(home, begun):
        say(cut_off(cut, queen.address, now=now, grace_s=grace_s))
    typer.echo(f"The queen at {queen.address.url} (process {queen.address.pid}) has ended.")
