"""`queenlib infer`: ask a model."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from queenlib.cli.asking import ModelOption, ask
from queenlib.cli.ending import ending

if TYPE_CHECKING:
    from queenlib.messages.infer import InferResult


def infer(
    prompt: Annotated[str, typer.Argument(metavar="PROMPT", help="What to ask; - reads it from standard input.")],
    model: ModelOption = None,
    system: Annotated[str | None, typer.Option(help="What the model is told before all else.")] = None,
    max_tokens: Annotated[int, typer.Option(help="Tokens to generate at most.")] = 256,
    temperature: Annotated[float, typer.Option(help="0 takes the likeliest token always.")] = 0.8,
    seed: Annotated[int | None, typer.Option(help="Same seed, same answer.")] = None,
    timings: Annotated[bool, typer.Option("--timings", help="Show where the time went.")] = False,
) -> None:
    """Ask a model; its answer alone is standard output."""
    with ending():
        result = ask(
            _read() if prompt == "-" else prompt,
            timings=timings,
            model=model,
            system=system,
            max_tokens=max_tokens,
            temperature=temperature,
            seed=seed,
        )
        _remark(result)


def _read() -> str:
    try:
        return sys.stdin.buffer.read().decode()
    except UnicodeDecodeError as error:
        raise typer.BadParameter(f"standard input is not UTF-8: {error}") from None


def _remark(result: InferResult) -> None:
    """Say what an answer does not say of itself."""
    from queenlib.messages.infer import FinishReason
    from queenlib.models.builtin import DEMO_MODEL

    if result.finish_reason is FinishReason.LENGTH:
        count = result.usage.completion_tokens
        full = count < result.parameters.max_tokens
        why = "the worker's context is full" if full else f"--max-tokens {2 * count} gives it more"
        typer.echo(f"· cut off after {count} tokens: {why}", err=True)
    if result.model.name == DEMO_MODEL:
        typer.echo(f"· {DEMO_MODEL} is a plumbing demo, and often wrong; --model takes another", err=True)
