"""The command line: `queenlib demo | infer | up | down | status | restart | serve | lab | doctor | salvage`; a file each.

What a command needs is imported when it runs: `queenlib --help` is quick, and an interrupt meets nothing half imported.
"""

from __future__ import annotations

from typing import Annotated

import typer

from queenlib.cli.demo import demo
from queenlib.cli.doctor import doctor
from queenlib.cli.down import down
from queenlib.cli.infer import infer
from queenlib.cli.lab import lab
from queenlib.cli.restart import restart
from queenlib.cli.salvage import salvage
from queenlib.cli.serve import serve
from queenlib.cli.status import status
from queenlib.cli.up import up
from queenlib.version import __version__

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # one look for all errors, boxes or not: those of a command have none
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"queenlib {__version__}")
        raise typer.Exit


@app.callback()
def queenlib(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which this is.")] = False,
) -> None:
    """Run language models on your own machines. Everything is a job."""


for _command in (demo, infer, up, down, status, restart, serve, doctor, salvage):
    app.command()(_command)
app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(lab)
