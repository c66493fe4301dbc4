"""The README tells the truth: its Python runs, and its commands and links are there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import ROOT

SIMULATED = "sim:words?tokens=20&tokens_per_s=500&seed=1"
DEADLINE_S = 60


def readme() -> str:
    """The README."""
    return (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(text: str, *languages: str) -> list[str]:
    """The fenced blocks of a text in one of some languages."""
    fences = re.findall(r"^```([\w-]*)[^\n]*\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    return [body for language, body in fences if language in languages]


def commands(text: str) -> str:
    """Everything in a text that is meant for a shell: its blocks, and code within sentences."""
    return "\n".join([*blocks(text, "sh", "console", "bash"), *re.findall(r"`([^`\n]+)`", text)])


@pytest.fixture
def fresh_home(tmp_path: Path) -> dict[str, str]:
    """The environment of somebody who has just come, with a simulated model as the default."""
    given = {name: value for name, value in os.environ.items() if not name.startswith("QUEENLIB_")}
    return {**given, "HOME": str(tmp_path), "QUEENLIB_HOME": str(tmp_path / "home"), "QUEENLIB_MODEL": SIMULATED}


def test_python_runs(tmp_path: Path, fresh_home: dict[str, str]) -> None:
    """All Python of the README runs in a fresh process, in order, and prints something; a warning is an error."""
    written = blocks(readme(), "python")
    assert written, "the README shows no Python"
    (tmp_path / "blocks.json").write_text(json.dumps(written))
    command = [sys.executable, "-W", "error", str(Path(__file__).with_name("run_readme.py")), str(tmp_path / "blocks.json")]
    done = subprocess.run(
        command, cwd=tmp_path, env=fresh_home, capture_output=True, text=True, timeout=DEADLINE_S, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert done.stdout.strip()


def test_scripts_are_there() -> None:
    """The README names the two commands, and every script that it names is there."""
    scripts = set(re.findall(r"\.ci/\w+", readme()))
    assert {".ci/demo", ".ci/test"} <= scripts
    assert {script for script in scripts if not (ROOT / script).is_file()} == set()


def test_commands_are_there(fresh_home: dict[str, str]) -> None:
    """Every `queenlib …` of the README is a command of the program."""
    named = sorted(set(re.findall(r"^(?:\$ )?(?:\S+/)?queenlib ([a-z][\w-]*)", commands(readme()), flags=re.MULTILINE)))
    assert named, "the README names no command"
    program = Path(sys.executable).with_name("queenlib")
    for command in named:
        line = [str(program), command, "--help"]
        done = subprocess.run(line, env=fresh_home, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
        assert done.returncode == 0, f"queenlib {command}: {done.stderr}"


def test_places_are_there() -> None:
    """Every link of the README into the clone leads somewhere."""
    links = {target for target in re.findall(r"\]\(([^)#\s]+)", readme()) if "://" not in target}
    assert {target for target in links if not (ROOT / target).exists()} == set()


def test_blocks_are_found() -> None:
    """Blocks are found by their language, whatever stands around them."""
    text = "a\n```python\nx = 1\n```\n`sh b`\n```sh\nqueenlib demo\n```\n"
    assert blocks(text, "python") == ["x = 1\n"]
    assert commands(text).split() == ["queenlib", "demo", "sh", "b"]
