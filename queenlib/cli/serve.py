"""`queenlib serve`: a queen that others reach over HTTP."""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import nullcontext, suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from queenlib.cli.calls import Call, Calls, Lifeline
from queenlib.cli.ending import ending
from queenlib.cli.starting import detach, telling, told_all
from queenlib.home import Home
from queenlib.world import World

if TYPE_CHECKING:
    from queenlib.client.reign import Reign

GRACE_S = 30.0
"""Seconds in which jobs may end when she is told to."""


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


@dataclass(frozen=True)
class Service:
    """How she serves."""

    host: str
    port: int
    as_json: bool
    allow_wide: bool
    grace_s: float
    idle_exit_s: float | None
    lifeline: bool
    detached: bool


def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port; 0 takes a free one.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON when ready.")] = False,
    allow_wide: Annotated[bool, typer.Option("--allow-wide", help="Let other machines reach it.")] = False,
    grace: Annotated[float, typer.Option(min=0, help="Seconds in which jobs may end when told to end (SIGTERM).")] = GRACE_S,
    idle_exit: Annotated[float | None, typer.Option(min=0, help="End after so many seconds without anything to do.")] = None,
    lifeline: Annotated[bool, typer.Option("--lifeline", hidden=True, help="End when standard input ends.")] = False,
    detached: Annotated[bool, typer.Option("--detached", hidden=True, help="Go on as nobody's child.")] = False,
) -> None:
    """Run a queen that others reach over HTTP with her token."""
    if detached:
        detach()
    with ending(), telling() if detached or lifeline else nullcontext():
        asyncio.run(_serve(Service(host, port, as_json, allow_wide, grace, idle_exit, lifeline, detached)))


async def _serve(service: Service) -> None:
    from queenlib.client.reign import Reign, Rule

    world, home, calls = World(), Home.open(), Calls()
    lifeline = Lifeline.held() if service.lifeline else None
    reign = await Reign.begin(home, world, Rule())
    try:
        url = await reign.listen(
            service.host,
            service.port,
            allow_wide=service.allow_wide,
            serves=lifeline is None,
            idle_exit_s=service.idle_exit_s,
            grace_s=service.grace_s,
        )
        ready = Ready(url, str(home.token_file), os.getpid())
        typer.echo(json.dumps(asdict(ready)) if service.as_json else str(ready))  # it flushes
        if service.lifeline or service.detached:
            told_all()
        await _until_told(reign, service, calls, lifeline)
    finally:
        await reign.close()


async def _until_told(reign: Reign, service: Service, calls: Calls, lifeline: Lifeline | None) -> None:
    """Wait until she is to end; where she is told to, her jobs have had their time when this returns."""
    reasons = [asyncio.create_task(calls.first(), name="call")]
    if service.idle_exit_s is not None:
        reasons.append(asyncio.create_task(_idle(reign, service.idle_exit_s), name="idle"))
    if lifeline is not None:
        reasons.append(asyncio.create_task(lifeline.ended(), name="lifeline"))
    try:
        done, _ = await asyncio.wait(reasons, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for reason in reasons:
            reason.cancel()
    call = done.pop().result()
    if call is Call.DRAIN:
        _say(
            f"letting her jobs end, for {service.grace_s:g} s at most; Ctrl-C cuts it short; SIGTERM once more ends at once"
        )
        await _drain(reign, service.grace_s, calls)
    _say(f"{call}; ending her jobs and workers; once more ends at once")


async def _drain(reign: Reign, grace_s: float, calls: Calls) -> None:
    """Let her jobs end, for as long as they may, and nobody is in a hurry."""
    draining = asyncio.create_task(reign.drain(grace_s), name="drain")
    hurry = asyncio.create_task(calls.hurried(), name="hurry")
    try:
        await asyncio.wait({draining, hurry}, return_when=asyncio.FIRST_COMPLETED)
        if draining.done():
            draining.result()
    finally:
        draining.cancel()
        hurry.cancel()


async def _idle(reign: Reign, after_s: float) -> Call:
    await reign.idle(after_s)
    return Call.IDLE


def _say(what: str) -> None:
    with suppress(OSError):  # her terminal is gone
        typer.echo(f"\n· {what}", err=True)
