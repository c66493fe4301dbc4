"""What is installed is what is meant to be: both packages, their types, the licence and the notebooks, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.house.tree import PACKAGES, ROOT

NOTEBOOKS = "share/queenlib/notebooks"


def build(kind: str, folder: Path) -> Path:
    """Build a wheel or an sdist into a folder."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = folder.iterdir()
    return made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of all files in a wheel that is built from this tree."""
    with zipfile.ZipFile(build("wheel", tmp_path_factory.mktemp("wheel"))) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of all files in an sdist that is built from this tree, without its top folder."""
    with tarfile.open(build("sdist", tmp_path_factory.mktemp("sdist"))) as archive:
        return {found.partition("/")[2] for found in archive.getnames()}


def modules() -> set[str]:
    """Where each module and each mark of types lies once it is installed."""
    files = [(package, path) for package in PACKAGES for path in [*package.rglob("*.py"), package / "py.typed"]]
    return {f"{package.name}/{path.relative_to(package).as_posix()}" for package, path in files}


def test_wheel_has_both_packages(wheel: set[str]) -> None:
    """Every module of both packages is in the wheel, with the marks that they are typed."""
    assert {"queenlib/py.typed", "queenlib_widgets/py.typed", "queenlib/errors/__init__.py"} <= modules()
    assert modules() - wheel == set()


def test_notebooks_travel(wheel: set[str]) -> None:
    """Every notebook is in the wheel, where `queenlib lab` looks for it."""
    notebooks = {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert notebooks, "there is no notebook"
    installed = {found.rpartition("/")[2] for found in wheel if f".data/data/{NOTEBOOKS}/" in found}
    assert installed == notebooks


def test_wheel_has_nothing_else(wheel: set[str]) -> None:
    """The wheel holds the two packages, the notebooks and its own description: no tests, no scripts, no caches."""
    tops = {found.partition("/")[0].partition("-")[0] for found in wheel}
    assert tops == {"queenlib", "queenlib_widgets"}
    assert {found for found in wheel if "test" in found or "__pycache__" in found or "requirements" in found} == set()
    described = {found.partition("/")[2] for found in wheel if ".dist-info/" in found}
    assert described == {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}


def test_licence_is_whole() -> None:
    """The licence is all of Apache 2.0."""
    text = (ROOT / "LICENSE").read_text()
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_sdist_can_be_tested(sdist: set[str]) -> None:
    """The sdist holds the sources, the tests, the scripts and the locks, and nothing that a build leaves behind."""
    assert {"pyproject.toml", "LICENSE", "README.md", "CHANGELOG.md", ".ci/test", "requirements/dev.txt"} <= sdist
    assert {"queenlib/errors/__init__.py", "widgets/queenlib_widgets/__init__.py", "tests/house/test_packaging.py"} <= sdist
    assert {found for found in sdist if found.startswith((".venv", ".cache", ".git/")) or "__pycache__" in found} == set()
