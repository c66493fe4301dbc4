"""`queenlib status`: whether a queen is there, and what she does."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from queenlib import tables
from queenlib.cli.ending import NOT_THERE, ending
from queenlib.cli.homes import HomeOption, introduce, jobs, nobody
from queenlib.home import Home
from queenlib.world import World

if TYPE_CHECKING:
    from queenlib.client.incumbent import Incumbent
    from queenlib.messages.hive import HiveListing


def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON.")] = False,
    home: HomeOption = None,
) -> None:
    """Say whether a queen is there, and what she does.

    The exit code is 0 where she is, and 3 where nobody is.
    """
    with ending():
        from queenlib.client.incumbent import Incumbent

        named = Home.named(home)
        queen = asyncio.run(Incumbent.look(named, World()))
        if queen is None:
            typer.echo(json.dumps({"there": False, "home": str(named.path)}) if as_json else nobody(named))
            raise typer.Exit(NOT_THERE)
        hives = _hives(queen)
        typer.echo(json.dumps(_facts(queen, hives)) if as_json else _words(queen, hives))


def _hives(queen: Incumbent) -> HiveListing | None:
    """Her hives and their workers; `None` where she takes no job that could look."""
    from queenlib.client.queen import Queen
    from queenlib.errors import QueueFull

    if queen.info is None or queen.info.draining:
        return None
    with Queen.connect(queen.address.url, token_file=queen.home.token_file) as handle:
        try:
            return handle.hives.list().wait(30)
        except QueueFull:  # she has begun to end, or has no room
            return None


def _words(queen: Incumbent, hives: HiveListing | None) -> str:
    lines = [f"The queen is {introduce(queen)}", f"  home:        {queen.home.path}"]
    if queen.info is not None:
        lines.append(f"  since:       {tables.moment(queen.info.started_at)}")
    ends = "; she ends, and takes no further one" if queen.info and queen.info.draining else ""
    lines.append(f"  jobs:        {jobs(queen.unfinished)}{ends}")
    if queen.mismatch is not None:
        lines += [f"  {queen.mismatch.what}", f"  next:        {queen.mismatch.next}"]
    if hives is not None:
        lines += ["", str(hives)]
    return "\n".join(lines)


def _facts(queen: Incumbent, hives: HiveListing | None) -> dict[str, Any]:
    """The same as plain data; `null` for what cannot be known."""
    info, address = queen.info, queen.address
    return {
        "there": True,
        "home": str(queen.home.path),
        "url": address.url,
        "token_file": str(queen.home.token_file),
        "pid": address.pid,
        "version": queen.version,
        "in_background": address.serves,
        "idle_exit_s": address.idle_exit_s,
        "started_at": info.wire()["started_at"] if info else None,
        "speaks_with_us": info is not None,
        "unfinished": queen.unfinished,
        "draining": info.draining if info else None,
        "hives": [hive.wire() for hive in hives.hives] if hives else None,
    }
