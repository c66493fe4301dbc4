"""`queenlib serve`: a queen that others reach over HTTP."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from dataclasses import asdict, dataclass
from typing import Annotated

import typer

from queenlib.cli.ending import ending
from queenlib.home import Home
from queenlib.world import World

ENDS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True)
class Ready:
    """What whoever wants to reach the queen has to know."""

    url: str
    token_file: str
    pid: int

    def __str__(self) -> str:
        return (
            f"The queen is at {self.url}; Ctrl-C ends her.\n"
            f"  in Python:   Queen.connect({self.url!r}, token_file={self.token_file!r})\n"
            f"  in a shell:  QUEENLIB_URL={self.url} QUEENLIB_TOKEN_FILE='{self.token_file}' queenlib infer \"Hello!\""
        )


def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port; 0 takes a free one.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON when ready.")] = False,
    allow_wide: Annotated[bool, typer.Option("--allow-wide", help="Let other machines reach it.")] = False,
) -> None:
    """Run a queen that others reach over HTTP with her token."""
    with ending():
        asyncio.run(_serve(host, port, as_json, allow_wide))


async def _serve(host: str, port: int, as_json: bool, allow_wide: bool) -> None:
    from queenlib.client.reign import Reign, Rule

    world, home, told = World(), Home.open(), _told_to_end()
    reign = await Reign.begin(home, world, Rule())
    try:
        url = await reign.listen(host, port, allow_wide=allow_wide)
        ready = Ready(url, str(home.token_file), os.getpid())
        typer.echo(json.dumps(asdict(ready)) if as_json else str(ready))  # it flushes
        await told.wait()
        typer.echo("\n· ending her jobs and workers; once more ends at once", err=True)
    finally:
        await reign.close()


def _told_to_end() -> asyncio.Event:
    """Set by SIGINT or SIGTERM. The second one ends the process there and then; the guardian sees to its workers."""
    told, loop = asyncio.Event(), asyncio.get_running_loop()

    def first() -> None:
        told.set()
        for number in ENDS:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)

    for number in ENDS:
        loop.add_signal_handler(number, first)
    return told
