"""How things are shown."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from queenlib.display.mode import Mode, current_mode
from tests.flow.kernels import SEEN, kernel

ASK = "from queenlib.display.mode import *; print(current_mode(), is_stable())"


def asked(**environment: str) -> str:
    """What a plain process says."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("QUEENLIB_")}
    done = subprocess.run([sys.executable, "-c", ASK], env=clean | environment, capture_output=True, text=True, check=False)
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


def test_a_terminal_has_text() -> None:
    """Without a kernel, there is text."""
    assert current_mode() is Mode.TEXT
    assert asked() == "text False"


@pytest.mark.parametrize("mode", Mode)
def test_it_can_be_said(mode: Mode) -> None:
    """`QUEENLIB_DISPLAY` says it for all; `QUEENLIB_STABLE` leaves out what differs."""
    assert asked(QUEENLIB_DISPLAY=str(mode), QUEENLIB_STABLE="1") == f"{mode} True"


def test_something_else_is_an_error() -> None:
    """One that is none is refused with what there is."""
    assert "QUEENLIB_DISPLAY is 'fancy'" in asked(QUEENLIB_DISPLAY="fancy")


def test_a_kernel_that_somebody_sits_before_has_views(tmp_path: Path) -> None:
    """A kernel that may ask for input is live; one that may not is static."""
    with kernel(tmp_path, **SEEN) as made:
        for asks, mode in ((False, "static"), (True, "live")):
            assert made.run(f"get_ipython().kernel._allow_stdin = {asks}\n{ASK}") == f"{mode} False"
