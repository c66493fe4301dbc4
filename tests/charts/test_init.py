"""Plots where matplotlib is not installed."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.display.bare import bare

TRY = """
from queenlib.errors import MissingExtra
try:
    from queenlib import plots
except MissingExtra as error:
    print(error.extra, error, sep="; ")
"""


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    """One typed error, with how to install it."""
    python = bare(tmp_path / "env", "pandas")
    done = subprocess.run([python, "-c", TRY], capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    assert done.stdout.startswith("plots; ")
    assert "matplotlib is not installed" in done.stdout
    assert "pip install 'queenlib[plots]'" in done.stdout
