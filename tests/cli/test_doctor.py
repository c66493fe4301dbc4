"""`queenlib doctor`: what is well, what is not, and what to do about it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.cli.program import DEADLINE_S, environment, run


def test_all_is_well(tmp_path: Path) -> None:
    """On a machine where all is well each check is a line of standard output, and the exit code is 0."""
    done = run(tmp_path / "home", "doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    *checks, summary = done.stdout.splitlines()
    assert len(checks) >= 6
    assert all(line.startswith("ok ") for line in checks)
    assert summary == f"{len(checks)} of {len(checks)} checks are well."


def test_a_home_that_others_see_is_told(tmp_path: Path) -> None:
    """What is not well is marked, the line below mends it, and the exit code is 1."""
    tmp_path.chmod(0o755)
    done = run(tmp_path, "doctor")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    (at,) = [number for number, line in enumerate(lines) if line.startswith("NOT OK")]
    mend = lines[at + 1].strip()
    assert mend == f"chmod 700 {tmp_path}"
    subprocess.run(mend.split(), check=True)
    assert run(tmp_path, "doctor").returncode == 0


def test_a_machine_without_an_engine_is_told(tmp_path: Path) -> None:
    """Where no real engine is installed, the line to install it is given."""
    code = "import sys; sys.modules['xllamacpp'] = None; from queenlib.cli import app; app(['doctor'])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(tmp_path / "home"),
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.returncode == 1
    assert "NOT OK" in done.stdout
    assert "pip install 'queenlib[local]'" in done.stdout
