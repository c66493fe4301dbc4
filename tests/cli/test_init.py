"""The program as a whole: what it offers, and what it says to a line that it does not know."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from queenlib import __version__
from tests.cli.program import run

COMMANDS = ("demo", "infer", "up", "down", "status", "restart", "serve", "lab", "doctor", "salvage")


def test_help_names_every_command(tmp_path: Path) -> None:
    """`--help` has one line for each command, and none is cut short."""
    done = run(tmp_path, "--help", COLUMNS="80")
    assert done.returncode == 0
    lines = done.stdout.partition("Commands:\n")[2].splitlines()
    assert sorted(line.split()[0] for line in lines) == sorted(COMMANDS)
    assert all(line.endswith(".") and not line.endswith("...") for line in lines)


def test_version(tmp_path: Path) -> None:
    """`--version` says which it is, and nothing is made for it."""
    done = run(tmp_path / "home", "--version")
    assert (done.returncode, done.stdout) == (0, f"queenlib {__version__}\n")
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("line", [(), ("nosuch",), ("infer",), ("demo", "--nosuch"), ("infer", "x", "--seed", "many")])
def test_a_line_that_does_not_fit_is_2(tmp_path: Path, line: tuple[str, ...]) -> None:
    """A command line that does not fit ends with 2 and says how to ask for help; standard output stays empty."""
    done = run(tmp_path, *line)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Usage:" in done.stderr
    assert "--help" in done.stderr


def test_the_program_is_light() -> None:
    """Until a command runs, nothing is loaded that only its work needs."""
    code = "import queenlib.cli, sys, json; print(json.dumps(sorted(sys.modules)))"
    loaded = json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
    assert "queenlib.cli" in loaded
    assert {"pydantic", "rich", "starlette", "uvicorn", "httpx2", "psutil", "pandas"} & set(loaded) == set()
