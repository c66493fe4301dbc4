"""The image that Binder builds: everything is fetched while it is built, nothing when it is opened."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from tests.house.test_requirements import PIN
from tests.house.tree import ROOT

BINDER = ROOT / "binder"
PROGRAM = "jupyter-repo2docker==2026.4.0"


def test_its_python_is_one_of_ours() -> None:
    """The version that is named is one that queenlib supports."""
    version = (BINDER / "runtime.txt").read_text().strip().removeprefix("python-")
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert version in SpecifierSet(wanted)


def test_what_it_installs_is_locked() -> None:
    """The same versions as in the tests, with hashes."""
    ours = {
        match["pin"] for line in (ROOT / "requirements" / "dev.txt").read_text().splitlines() if (match := PIN.match(line))
    }
    lines = (BINDER / "requirements.txt").read_text().splitlines()
    pins = {match["pin"] for line in lines if (match := PIN.match(line))}
    assert {pin.partition("==")[0] for pin in pins} >= {
        "jupyterlab", "anywidget", "xllamacpp", "hatchling", "pydantic", "matplotlib", "pyarrow"
    }  # fmt: skip
    assert pins <= ours
    assert "://" not in "".join(lines)


def test_the_model_is_fetched_at_build_time() -> None:
    """The script that runs once brings it; there is none that runs at each start."""
    script = BINDER / "postBuild"
    assert os.access(script, os.X_OK)
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0
    assert 'models.download("smollm2-135m")' in script.read_text()
    assert sorted(path.name for path in BINDER.iterdir()) == ["postBuild", "requirements.txt", "runtime.txt"]


def test_the_badge_opens_the_map() -> None:
    """The README has a badge that opens the first notebook, which is there."""
    assert (
        "mybinder.org/v2/gh/queenlib/queenlib/HEAD?urlpath=lab/tree/notebooks/00_start_here.ipynb"
        in (ROOT / "README.md").read_text()
    )
    assert (ROOT / "notebooks" / "00_start_here.ipynb").exists()


@pytest.mark.full
def test_repo2docker_would_build_it(tmp_path: Path) -> None:
    """The Dockerfile that it makes has our Python, installs the lock, and runs the script."""
    tools = ROOT / ".cache" / "repo2docker"
    if not (tools / "bin" / "jupyter-repo2docker").exists():
        subprocess.run([sys.executable, "-m", "venv", tools], check=True)
        subprocess.run([tools / "bin" / "python", "-m", "pip", "install", "--quiet", PROGRAM], check=True)
    for folder in ("binder", "queenlib", "widgets", "notebooks"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    command = [str(tools / "bin" / "jupyter-repo2docker"), "--no-build", "--debug", str(tmp_path)]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    made = said.stdout + said.stderr
    assert said.returncode == 0, made
    for line in ("environment for python=3.12", '-r "binder/requirements.txt"', "RUN ./binder/postBuild"):
        assert line in made
