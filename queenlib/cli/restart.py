"""`queenlib restart`: another queen in the background, such as one of a newer version."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from queenlib.cli.ending import ending
from queenlib.cli.homes import GraceOption, HomeOption, PortOption, Waiting, cut_off, introduce, say
from queenlib.home import Home
from queenlib.world import World


def restart(
    when_idle: Annotated[bool, typer.Option("--when-idle", help="Wait until she has no unfinished job.")] = False,
    grace: GraceOption = None,
    port: PortOption = 0,
    home: HomeOption = None,
) -> None:
    """End the queen and start another, such as a newer one."""
    with ending():
        asyncio.run(_restart(Home.open(home), port, when_idle=when_idle, grace_s=grace))


async def _restart(home: Home, port: int, *, when_idle: bool, grace_s: float | None) -> None:
    from queenlib.client import lifecycle
    from queenlib.client.incumbent import Incumbent
    from queenlib.client.launch import Launch

    world = World()
    before = await Incumbent.look(home, world)
    if before is None:
        say("no queen was there")
        after = await lifecycle.start(home, world, Launch(port=port))
    else:
        if not before.address.serves:
            raise before.embedded()
        if when_idle:
            await lifecycle.idle(before, world, Waiting("waits until she is idle"))
        begun = world.now()
        how = Launch(port=port or before.port, idle_exit_s=before.address.idle_exit_s)
        after = await lifecycle.change(before, world, Waiting("lets her jobs end"), how, grace_s=grace_s)
        if cut := lifecycle.cut_off(home, begun):
            say(cut_off(cut, before.address, grace_s=grace_s))
        if after.port != how.port:
            say(f"port {how.port} was not to be had")
    if not after.address.serves:
        raise after.embedded()
    typer.echo(f"The queen is {introduce(after)}")
