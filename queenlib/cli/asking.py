"""Asking a model from the command line: what `demo` and `infer` share."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from queenlib.cli.started import STARTED
from queenlib.errors import QueenError

if TYPE_CHECKING:
    from queenlib.client.job import Job
    from queenlib.client.queen import Queen
    from queenlib.messages.infer import InferResult
    from queenlib.terminal import Terminal

ModelOption = Annotated[str | None, typer.Option(help="Which model; by default the demo model.")]


def ask(prompt: str, *, timings: bool, **parameters: Any) -> InferResult:
    """Ask a model, and show its answer as it comes.

    Args:
        prompt: What to ask.
        timings: Show where the time went.
        parameters: Those of `Queen.infer`.

    Raises:
        QueenError: There was no answer.
    """
    from queenlib.client.queen import Queen
    from queenlib.terminal import Terminal

    terminal = Terminal()
    with Queen() as queen:
        result = _watch(queen, queen.infer(prompt, **parameters), terminal)
        if timings:
            terminal.timings(result, started=STARTED)
    return result


def _watch(queen: Queen, job: Job[InferResult], terminal: Terminal) -> InferResult:
    try:
        return terminal.follow(job)
    except (KeyboardInterrupt, BrokenPipeError, SystemExit):
        with suppress(QueenError):  # nobody is left to read it; a queen far away would go on
            queen.sync.jobs.cancel(job.id)
        raise
