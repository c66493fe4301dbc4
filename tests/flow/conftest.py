"""One queen for the flow's tests: in this process, and far away behind a real server. No test knows which it has."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from queenlib import Queen


@contextmanager
def served(home: Path) -> Iterator[Queen]:
    """A queen in a process of its own, and a handle on it through HTTP."""
    command = [sys.executable, "-m", "queenlib", "serve", "--json"]
    environment = {**os.environ, "QUEENLIB_HOME": str(home)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            with Queen.connect(ready["url"], token_file=ready["token_file"]) as queen:
                yield queen
        finally:
            process.terminate()
            assert process.wait(20) == 0


@contextmanager
def near(home: Path) -> Iterator[Queen]:
    """A queen in this process."""
    with Queen(home) as queen:
        yield queen


@pytest.fixture(params=[near, served], ids=["near", "far"], scope="session")
def queen(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Queen]:
    """A queen, near or far, shared by the session: each test takes names of its own."""
    with request.param(tmp_path_factory.mktemp("home")) as made:
        yield made
