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


@pytest.fixture(scope="module")
def no_network(real_model_path: Path) -> Iterator[None]:
    """No package index can be reached, from here nor from a process that is started here."""
    with pytest.MonkeyPatch.context() as environment:
        for name in [name for name in os.environ if name.startswith("PIP_")]:
            environment.delenv(name)
        environment.setenv("PIP_CONFIG_FILE", os.devnull)
        environment.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
        environment.setenv("PIP_RETRIES", "0")
        yield


@pytest.fixture(params=[near, served], ids=["near", "far"], scope="module")
def queen(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, no_network: None) -> Iterator[Queen]:
    """A queen, near or far, shared by the flow's tests: each takes names of its own."""
    with request.param(tmp_path_factory.mktemp("home")) as made:
        yield made
