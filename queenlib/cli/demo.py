"""`queenlib demo`: the main job, on a terminal."""

from __future__ import annotations

import typer

from queenlib.cli.asking import ModelOption, ask
from queenlib.cli.ending import ending

PROMPT = "Why do bees make honey? Answer in two short sentences."


def demo(model: ModelOption = None) -> None:
    """See a real model answer: fetched once, streamed, timed."""
    with ending():
        from queenlib.models.builtin import DEMO_MODEL

        if model in (None, DEMO_MODEL):
            typer.echo(f"{DEMO_MODEL} is a plumbing demo: small enough for any machine, and often wrong.", err=True)
        typer.secho(f"> {PROMPT}", bold=True, err=True)
        ask(PROMPT, timings=True, model=model or DEMO_MODEL, max_tokens=96, temperature=0.0)
