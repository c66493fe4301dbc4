"""Sabotage: one promise of the log is broken in a copy of the code, and a named test has to see it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("queenlib", "widgets", "tests", "benchmarks", "pyproject.toml")
FAILED = 1
"""What pytest ends with when a test has failed; everything else is no proof."""


@dataclass(frozen=True)
class Sabotage:
    """One broken promise."""

    name: str
    file: str
    """The source that is changed, from the clone's folder."""
    old: str
    """What stands there, once."""
    new: str
    red: str
    """The test that has to fail."""

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Outcome:
    """What came of it."""

    test: str
    """The test that was run."""
    code: int
    """What pytest ended with."""
    output: str

    @property
    def caught(self) -> bool:
        """Whether the test has failed, as it has to: it itself, and not what it needs."""
        return self.code == FAILED and f"FAILED {self.test}" in self.output


def applied(sabotage: Sabotage, text: str) -> str:
    """The source, with the promise broken.

    Raises:
        ValueError: What is to be changed is not there once.
    """
    if text.count(sabotage.old) != 1:
        raise ValueError(f"{sabotage.name}: {sabotage.file} has its text {text.count(sabotage.old)} times, not once")
    return text.replace(sabotage.old, sabotage.new)


def commit(sabotage: Sabotage | None, folder: Path, red: str | None = None) -> Outcome:
    """Break the promise in a copy of the code in `folder`, and run the test there; without a sabotage, run `red`."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    if sabotage is not None:
        target = folder / sabotage.file
        target.write_text(applied(sabotage, target.read_text(encoding="utf-8")), encoding="utf-8")
    test = sabotage.red if sabotage is not None else red
    assert test is not None
    argv = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--timeout=100"]
    argv += [f"--basetemp={folder / 'tmp'}", test]
    environment = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{folder / 'widgets'}", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True, timeout=150, check=False)
    return Outcome(test, done.returncode, done.stdout + done.stderr)
