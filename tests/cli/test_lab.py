"""`queenlib lab`: JupyterLab on a copy of the notebooks."""

from __future__ import annotations

import json
import os
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import psutil

from queenlib.cli.lab import came_with_queenlib, copy_notebooks
from queenlib.home import Home
from tests.cli.program import family, left, started

DEADLINE_S = 60


def test_notebooks_are_copied_once(tmp_path: Path) -> None:
    """Notebooks are copied where there are none of that name; the user's edits stay, and one that was removed is back."""
    home = Home.open(tmp_path)
    folder = copy_notebooks(home)
    names = {path.name for path in came_with_queenlib()}
    assert "01_first_job.ipynb" in names
    assert {path.name for path in folder.iterdir()} == names
    first, *others = sorted(folder.iterdir())
    first.write_text("mine")
    for other in others:
        other.unlink()
    copy_notebooks(home)
    assert first.read_text() == "mine"
    assert {path.name for path in folder.iterdir()} == names


def settings(folder: Path) -> dict[str, str]:
    """The environment of a JupyterLab that knows nothing of its user's, and writes nowhere but below `folder`."""
    places = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR", "HOME")
    return {name: str(folder / name.lower()) for name in places} | {"JUPYTER_NO_CONFIG": "1"}


def told(path: Path) -> dict[str, Any]:
    """What a JupyterLab says of itself once it listens."""
    deadline = time.monotonic() + DEADLINE_S
    while True:
        try:
            found: dict[str, Any] = json.loads(path.read_text())
            return found
        except (OSError, json.JSONDecodeError):
            assert time.monotonic() < deadline, "JupyterLab did not start"
            time.sleep(0.1)


def ask(about: dict[str, Any], path: str) -> bytes:
    """What JupyterLab answers, over HTTP: it tells of itself a little before it listens, so it is asked until it does."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{about['port']}/{path}", headers={"Authorization": f"token {about['token']}"}
    )
    deadline = time.monotonic() + DEADLINE_S
    while True:
        try:
            with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:
                body: bytes = answer.read()
                return body
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError) or time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def test_jupyterlab_serves(tmp_path: Path) -> None:
    """It serves the copy on loopback; more options go to JupyterLab; who ends this process has ended all of it."""
    more = settings(tmp_path)
    root = ["--allow-root"] if os.geteuid() == 0 else []
    with started(tmp_path / "home", "lab", "--no-browser", *root, **more) as process:
        about = told(Path(more["JUPYTER_RUNTIME_DIR"]) / f"jpserver-{process.pid}.json")
        assert b"jupyter" in ask(about, "lab").lower()
        listed = json.loads(ask(about, "api/contents"))
        assert "01_first_job.ipynb" in {entry["name"] for entry in listed["content"]}
        tree = [psutil.Process(process.pid), *family(process)]
        listening = [c.laddr.ip for each in tree for c in each.net_connections("inet") if c.status == psutil.CONN_LISTEN]
        assert set(listening) <= {"127.0.0.1", "::1"}
        process.terminate()
        _, said = process.communicate(timeout=30)
    assert process.returncode == 0, said
    assert left(tree[1:]) == []
