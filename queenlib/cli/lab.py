"""`queenlib lab`: JupyterLab on a copy of the notebooks."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, files
from importlib.util import find_spec
from pathlib import Path

import typer

from queenlib.cli.ending import ending
from queenlib.errors import MissingExtra
from queenlib.home import Home


def lab(context: typer.Context) -> None:
    """Open JupyterLab on your copy of the notebooks.

    Whatever follows goes to JupyterLab: queenlib lab --no-browser --port 9000
    """
    with ending():
        if find_spec("jupyterlab") is None:
            raise MissingExtra(
                "JupyterLab is not installed.",
                why="It is part of the extra `notebook`.",
                state="Nothing was copied or started.",
                next="pip install 'queenlib[all]', which the notebooks read; for the lab alone: 'queenlib[local,notebook]'",
                extra="notebook",
            )
        folder = copy_notebooks(Home.open())
        typer.echo(f"· notebooks: {folder} (your edits stay)", err=True)
        # It takes our place: whoever ends this process ends JupyterLab, by its own ways.
        command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder}", *context.args]
        os.execv(sys.executable, command)  # noqa: S606 - our own interpreter


def copy_notebooks(home: Home) -> Path:
    """Copy the notebooks that came with queenlib into the home; those that are there already stay as they are."""
    folder = home.path / "notebooks"
    folder.mkdir(mode=0o700, exist_ok=True)
    for notebook in came_with_queenlib():
        mine = folder / notebook.name
        if not mine.exists():
            part = mine.with_suffix(".part")
            shutil.copyfile(notebook, part)
            part.replace(mine)
    return folder


def came_with_queenlib() -> Iterator[Path]:
    """The notebooks that were installed, or in a clone those of the clone."""
    try:
        installed = [
            Path(str(file.locate())) for file in files("queenlib") or () if file.match("share/queenlib/notebooks/*.ipynb")
        ]
    except PackageNotFoundError:  # it runs from its folder
        installed = []
    yield from sorted(installed or (Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))
