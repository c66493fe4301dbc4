"""How a command ends: what is said about it, and its exit code.

0 is well; 1 is an error of queenlib, told in its four parts; 2 is a command line that does not fit; 3 is `queenlib status`
where no queen is; 130 is an interrupt; 141 and 143 are what a shell says of a closed pipe (`queenlib infer … | head -1`) and
of SIGTERM.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import typer

from queenlib import tables
from queenlib.errors import InvalidOperation, QueenError

FAILED, NOT_THERE, INTERRUPTED, PIPE_CLOSED, TERMINATED = 1, 3, 130, 141, 143
ARGUMENTS = ("prompt",)
"""Fields of operations that are no options here."""


@contextmanager
def ending() -> Iterator[None]:
    """Turn whatever ends a command into words and an exit code. Everything that a command does belongs inside."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    except InvalidOperation as error:
        raise typer.BadParameter(_misfits(error)) from None
    except QueenError as error:
        _tell(error)
        raise typer.Exit(FAILED) from None
    except KeyboardInterrupt:
        typer.echo("\n· interrupted", err=True)
        raise typer.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        _let_go_of_closed_pipes()
        raise typer.Exit(PIPE_CLOSED) from None


def _let_go_of_closed_pipes() -> None:
    """Python flushes its outputs once more when it ends, and has an exit code of its own for one that nobody reads."""
    for output in (sys.stdout, sys.stderr):
        try:
            output.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), output.fileno())


def _terminate(number: int, frame: FrameType | None) -> None:
    """End by an exception, so that what is open is closed: the queen, a download, the terminal's hidden cursor."""
    raise SystemExit(TERMINATED)


def _tell(error: QueenError) -> None:
    from queenlib.terminal import Terminal

    Terminal().error(error)


def _misfits(error: InvalidOperation) -> str:
    """Every parameter that does not fit, by the name that it has on the command line."""
    said = [f"{_option(problem['field'])}: {problem['problem']}" for problem in error.problems]
    return tables.plain("; ".join(said) or str(error))


def _option(field: str) -> str:
    option = field.isidentifier() and field not in ARGUMENTS
    return "--" + field.replace("_", "-") if option else field.upper()
