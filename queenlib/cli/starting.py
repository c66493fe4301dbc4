"""How a queen whom a program of ours has started tells it, on her standard output, what became of that."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import typer

from queenlib.errors import QueenError


def detach() -> None:
    """Go on in a process that is nobody's child, in a session of its own; the one that was started ends well.

    Who is on her own hears an interrupt, though the one who started her ignores his: it is how she is told to end now.

    To be called first of all: there is no other thread yet.
    """
    if os.fork():
        os._exit(0)
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def telling() -> Iterator[None]:
    """Tell the one who waits why she did not start: one line of JSON, before the error goes its way."""
    try:
        yield
    except QueenError as error:
        with suppress(OSError):  # nobody waits any more
            typer.echo(json.dumps({"problem": error.problem()}, default=str))
        raise


def told_all() -> None:
    """Let go of the standard output: the one who waits has heard all, and whatever else comes is for the log."""
    sys.stdout.flush()
    os.dup2(2, 1)
