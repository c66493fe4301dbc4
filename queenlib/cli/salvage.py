"""`queenlib salvage`: what can be read of a damaged store, in a new one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from queenlib import tables
from queenlib.cli.ending import ending
from queenlib.home import Home

HomeOption = Annotated[
    Path | None, typer.Option(exists=True, file_okay=False, help="The home; by default that of QUEENLIB_HOME.")
]


def salvage(home: HomeOption = None) -> None:
    """Bring what can be read of a damaged store into a new one."""
    with ending():
        from queenlib.registry.sqlite import salvage as salvaging
        from queenlib.world import World

        report = salvaging.salvage(Home.open(home).store, World())
        typer.echo(tables.printable(str(report)))  # names out of damaged bytes may hold anything
