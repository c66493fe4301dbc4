"""`queenlib up`: a queen in the background."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from queenlib.cli.ending import ending
from queenlib.cli.homes import HomeOption, PortOption, introduce, say
from queenlib.home import Home
from queenlib.world import World


def up(
    port: PortOption = 0,
    idle_exit: Annotated[float | None, typer.Option(min=1, help="End after so many seconds without anything to do.")] = None,
    home: HomeOption = None,
) -> None:
    """Start the queen in the background, or say that she is there."""
    with ending():
        asyncio.run(_up(Home.open(home), port, idle_exit))


async def _up(home: Home, port: int, idle_exit_s: float | None) -> None:
    from queenlib.client import lifecycle
    from queenlib.client.incumbent import Incumbent
    from queenlib.client.launch import Launch

    world = World()
    queen = before = await Incumbent.look(home, world)
    if queen is None:
        queen = await lifecycle.start(home, world, Launch(port=port, idle_exit_s=idle_exit_s))
    if queen.mismatch is not None:
        raise queen.mismatch
    if not queen.address.serves:
        raise queen.embedded()
    typer.echo(f"The queen is {'already ' if before else ''}{introduce(queen)}")
    if port not in (0, queen.port):
        say(f"she listens on port {queen.port}; on another: queenlib restart --port {port}")
