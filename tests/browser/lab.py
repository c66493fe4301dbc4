"""A real JupyterLab on a loopback port, with settings, runtime files and a queen's home of its own; Notebook 7 is in it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.client.outliving import ended, until

START_S = 60.0
OWN = {
    "JUPYTER_CONFIG_DIR": "config",
    "JUPYTER_DATA_DIR": "data",
    "JUPYTER_RUNTIME_DIR": "runtime",
    "JUPYTERLAB_SETTINGS_DIR": "settings",
    "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    "IPYTHONDIR": "ipython",
    "QUEENLIB_HOME": "home",
}
"""Folders that each one has for itself."""


@dataclass(frozen=True)
class Lab:
    """A server."""

    url: str
    books: Path
    """Where its notebooks are."""
    home: Path
    """The home of its kernels' queen."""


@contextmanager
def lab(folder: Path, python: str = sys.executable, **more: str) -> Iterator[Lab]:
    """A server that is started, and in the end stopped, with its kernels and their queen."""
    books = folder / "books"
    books.mkdir(parents=True)
    quiet = folder / "settings" / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    quiet.parent.mkdir(parents=True)
    quiet.write_text('{"fetchNews": "false"}')
    port = _free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("QUEENLIB_", "JPY_", "JUPYTER"))}
    own = {name: str(folder / place) for name, place in OWN.items()}
    path = f"{Path(python).parent}{os.pathsep}{kept['PATH']}"
    with (folder / "log").open("wb") as log, ended(folder / "home"):
        program = subprocess.Popen(
            [python, "-m", "jupyterlab", *_settings(port)],
            cwd=books,
            env={**kept, **own, "PATH": path, **more},
            stdout=log,
            stderr=log,
        )
        try:
            made = Lab(f"http://127.0.0.1:{port}", books, folder / "home")
            until(lambda: program.poll() is not None or _answers(made.url), START_S)
            assert program.poll() is None, (folder / "log").read_text()
            yield made
        finally:
            program.terminate()
            with suppress(subprocess.TimeoutExpired):
                program.wait(20)
            program.kill()


def _settings(port: int) -> list[str]:
    said = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": str(port),
        "ServerApp.port_retries": "0",
        "ServerApp.open_browser": "False",
        "ServerApp.allow_root": "True",
        "IdentityProvider.token": "",
        "LabApp.expose_app_in_browser": "True",
        "JupyterNotebookApp.expose_app_in_browser": "True",
    }
    return [f"--{name}={value}" for name, value in said.items()]


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _answers(url: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"{url}/api", timeout=5) as answer:
        return bool(answer.status == 200)
    return False
