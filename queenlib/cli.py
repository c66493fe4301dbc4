"""The command line: `queenlib demo | infer | serve | lab | doctor`."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from queenlib.client.queen import Queen
from queenlib.errors import MissingExtra, QueenError
from queenlib.home import Home
from queenlib.messages.infer import InferResult
from queenlib.models.catalog import DEMO_MODEL
from queenlib.terminal import Terminal
from queenlib.world import World

app = typer.Typer(
    help="Run language models on your own machines. Everything is a job.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

DEMO_PROMPT = "Why do bees make honey? Answer in two short sentences."

ModelOption = Annotated[str | None, typer.Option(help="Which model; by default the demo model.")]


@contextmanager
def _telling() -> Iterator[Terminal]:
    """Errors are told in their four parts, without a traceback; an interrupt ends with the shell's own code for it."""
    terminal = Terminal()
    try:
        yield terminal
    except QueenError as error:
        terminal.error(error)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


@app.command()
def demo(model: ModelOption = None) -> None:
    """See a real language model answer, as a job: fetched once, started, streamed, and measured."""
    with _telling() as terminal, Queen() as queen:
        terminal.err.print(f"{DEMO_MODEL} is a plumbing demo: small enough for any machine, and often wrong.", style="dim")
        terminal.err.print(f"> {DEMO_PROMPT}", style="bold")
        result = terminal.follow(queen.infer(DEMO_PROMPT, model=model or DEMO_MODEL, max_tokens=96, temperature=0.0))
        terminal.timings(result)


@app.command()
def infer(
    prompt: Annotated[str, typer.Argument(help="What to ask.")],
    model: ModelOption = None,
    system: Annotated[str | None, typer.Option(help="What the model is told before all else.")] = None,
    max_tokens: Annotated[int, typer.Option(help="Tokens to generate at most.")] = 256,
    temperature: Annotated[float, typer.Option(help="0 takes the likeliest token always.")] = 0.8,
    seed: Annotated[int | None, typer.Option(help="Same seed, same answer.")] = None,
    timings: Annotated[bool, typer.Option("--timings", help="Show where the time went.")] = False,
) -> None:
    """Ask a model; the answer goes to standard output as it comes, all else to standard error."""
    with _telling() as terminal, Queen() as queen:
        job = queen.infer(
            prompt, model=model, system=system, max_tokens=max_tokens, temperature=temperature, seed=seed
        )  # fmt: skip
        result: InferResult = terminal.follow(job)
        if timings:
            terminal.timings(result)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port; 0 takes a free one.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON when ready.")] = False,
    allow_wide: Annotated[bool, typer.Option("--allow-wide", help="Let other machines reach it.")] = False,
) -> None:
    """Run a queen that others reach over HTTP, with the token in a file that its owner alone can read."""
    with _telling():
        asyncio.run(_serve(host, port, as_json, allow_wide))


async def _serve(host: str, port: int, as_json: bool, allow_wide: bool) -> None:
    from queenlib.http.serve import serving  # here and not above: the other commands need no web framework
    from queenlib.router import Router
    from queenlib.state import QueenState

    world, home = World(), Home.open()
    token = home.token(world)
    router = Router(QueenState.open(home, world=world))
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    try:
        async with serving(router, token, host=host, port=port, allow_wide=allow_wide) as url:
            ready = {"url": url, "token_file": str(home.token_file), "pid": os.getpid()}
            said = f"queen at {url}, token in {home.token_file}; stop it with Ctrl-C"
            typer.echo(json.dumps(ready) if as_json else said)
            sys.stdout.flush()
            await told.wait()
    finally:
        await router.close()


@app.command()
def lab() -> None:
    """Open JupyterLab on a copy of the notebooks."""
    with _telling():
        if find_spec("jupyterlab") is None:
            raise MissingExtra(
                "JupyterLab is not installed.",
                why="It is part of the extra `notebook`.",
                next="pip install 'queenlib[local,notebook]'",
                extra="notebook",
            )
        folder = copy_notebooks(Home.open())
        command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder}"]
        raise typer.Exit(subprocess.run(command, check=False).returncode)  # noqa: S603 - our own interpreter


@app.command()
def doctor() -> None:
    """Test this queen and this machine, and say what to do about what is wrong."""
    with _telling() as terminal, Queen() as queen:
        reports = {"queen": queen.check().wait(), "hive local": queen.check("local").wait()}
        for about, report in reports.items():
            terminal.report(about, report)
        raise typer.Exit(0 if all(report.ok for report in reports.values()) else 1)


def copy_notebooks(home: Home) -> Path:
    """Copy the notebooks that came with queenlib into the home; those that are there already stay as they are."""
    folder = home.path / "notebooks"
    folder.mkdir(mode=0o700, exist_ok=True)
    for notebook in sorted(_notebooks().glob("*.ipynb")):
        if not (folder / notebook.name).exists():
            shutil.copyfile(notebook, folder / notebook.name)
    return folder


def _notebooks() -> Path:
    """Where the notebooks are: beside the package in a checkout, else where the wheel put them."""
    checkout = Path(__file__).resolve().parent.parent / "notebooks"
    return checkout if checkout.is_dir() else Path(sysconfig.get_path("data")) / "share/queenlib/notebooks"
