"""What the commands about the queen of a home share: which home it is, and what is said about her."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from queenlib import tables

if TYPE_CHECKING:
    from queenlib.client.incumbent import Incumbent
    from queenlib.client.reign import Address
    from queenlib.home import Home

HomeOption = Annotated[Path | None, typer.Option(file_okay=False, help="The home; by default that of QUEENLIB_HOME.")]
PortOption = Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes any that is free, or hers again.")]
GraceOption = Annotated[
    float | None,
    typer.Option(min=0, help="Seconds in which her jobs may end, at most the 30 that she gives them."),
]


class Waiting:
    """Says what is waited for, whenever that changes."""

    def __init__(self, what: str) -> None:
        self._what, self._said = what, False

    def __call__(self, unfinished: Mapping[str, int] | None) -> None:
        """Say it; nothing if there was never anything."""
        if unfinished or self._said:
            self._said = True
            say(f"{self._what}: {jobs(unfinished)}")


def cut_off(count: int, address: Address, *, now: bool = False, grace_s: float | None = None) -> str:
    """How many jobs ended with her, and why they did."""
    limits = [limit_s for limit_s in (grace_s, address.grace_s) if limit_s is not None]
    late = "had not ended" if now or not limits else f"did not end within {min(limits):g} s"
    return f"{count} {'job' if count == 1 else 'jobs'} {late} and {'has' if count == 1 else 'have'} failed (queen_closed)"


def introduce(queen: Incumbent) -> str:
    """Where she is, and how she ends, in a line or two."""
    from queenlib.client.opening import how_to

    address = queen.address
    who = f"process {address.pid}, queenlib {queen.version}"
    if not address.serves:
        return f"at {address.url} ({who}).\n  she ends:    with the program that she is part of"
    idle = address.idle_exit_s
    quiet = "" if idle is None else f", or by herself after {idle / 60:g} quiet minutes"
    return f"in the background, at {address.url} ({who}).\n  she ends:    when told to: {how_to('down', queen.home)}{quiet}"


def nobody(home: Home) -> str:
    """That no queen is there, and how to have one."""
    from queenlib.client.opening import how_to

    return f"No queen is at {home.path}. To start her: {how_to('up', home)}"


def jobs(unfinished: Mapping[str, int] | None) -> str:
    """How many of her jobs have not ended."""
    if unfinished is None:
        return "jobs that cannot be told from here"
    count = sum(unfinished.values())
    if not count:
        return "no unfinished job"
    states = ", ".join(f"{number} {tables.plain(state)}" for state, number in unfinished.items() if number)
    return f"{count} unfinished {'job' if count == 1 else 'jobs'} ({states})"


def say(what: str) -> None:
    """A remark, beside the output."""
    typer.echo(f"· {what}", err=True)
    sys.stderr.flush()
