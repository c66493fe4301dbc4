"""Every third-party package has one owner in the house, and every import goes down."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.house.tree import ROOT, foreign, imports, name, none_of, sources

OWNERS: dict[str, tuple[str, ...]] = {
    "IPython": ("queenlib/display/", "queenlib/magics.py", "widgets/"),
    "aiohttp": ("queenlib/client/web.py",),
    "anywidget": ("widgets/",),
    "apsw": ("queenlib/registry/sqlite/",),
    "httptools": ("queenlib/engines/wire.py",),
    "httpx2": ("queenlib/models/",),
    "ipywidgets": ("widgets/",),
    "markdown_it": ("queenlib/display/prose.py",),
    "jsonschema": ("queenlib/messages/json_schema.py",),
    "matplotlib": ("queenlib/charts/",),
    "numpy": ("queenlib/columns/vectors.py",),
    "pandas": ("queenlib/charts/", "queenlib/columns/", "queenlib/frames.py"),
    "platformdirs": ("queenlib/home.py",),
    "psutil": ("queenlib/hives/", "queenlib/registry/sqlite/mounts.py"),
    "pyarrow": ("queenlib/columns/arrow.py",),
    "pydantic": ("queenlib/",),  # the ground: messages are made of it, and whoever reads one meets it
    "pydantic_core": ("queenlib/",),
    "pynvml": ("queenlib/hives/devices.py",),
    "rich": ("queenlib/bars.py", "queenlib/terminal.py"),
    "starlette": ("queenlib/http/",),
    "traitlets": ("widgets/",),
    "typer": ("queenlib/cli/",),
    "uvicorn": ("queenlib/http/",),
    "xllamacpp": ("queenlib/engines/host/",),
    "yarl": ("queenlib/client/web.py", "queenlib/client/address.py"),
}
"""Who may import what: files and folders. A package that is not here has no owner yet: name one."""

PROJECTS = {"IPython": "ipykernel", "markdown_it": "markdown-it-py", "pydantic_core": "pydantic", "pynvml": "nvidia-ml-py"}
"""Which project in pyproject.toml brings an import that is not called like it."""

ALONE: dict[str, tuple[str, ...]] = {
    "queenlib/engines/host/": ("queenlib.engines.host.", "xllamacpp"),
    "queenlib/hives/guardian.py": ("queenlib.hives.posix",),
    "queenlib/hives/posix.py": (),
    "queenlib/models/pip_child.py": (),
}
"""What runs in processes of its own, and all that it may import beside the standard library: it outlives us."""


def owned(path: Path, package: str) -> bool:
    """Whether a file may import a package."""
    return any(name(path).startswith(owner) for owner in OWNERS.get(package, ()))


def declared() -> set[str]:
    """The projects that pyproject.toml asks for, in lower case, without the development group."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = project["dependencies"] + [line for extra in project["optional-dependencies"].values() for line in extra]
    return {Requirement(line).name.lower() for line in asked}


def test_one_owner_each() -> None:
    """A third-party package is imported by its owner alone."""
    used = [(path, package) for path in sources() for package in sorted(foreign(path))]
    assert used, "no imports were found"
    none_of(f"{name(path)} imports {package}" for path, package in used if not owned(path, package))


def test_imports_are_declared() -> None:
    """Whatever is imported is a dependency of ours, not one of somebody else's."""
    used = {package for path in sources() for package in foreign(path)}
    none_of(package for package in used if PROJECTS.get(package, package).lower() not in declared())


@pytest.mark.parametrize("place", ALONE)
def test_other_processes_stand_alone(place: str) -> None:
    """What runs in a process of its own imports the standard library and its own siblings only."""
    files = [path for path in sources() if name(path).startswith(place)]
    assert files, f"{place} is not there"
    none_of(
        f"{name(path)} imports {full}"
        for path in files
        for full in imports(path)
        if full.partition(".")[0] not in sys.stdlib_module_names and not f"{full}.".startswith(ALONE[place] or "-")
    )


def test_inside_nobody_uses_the_face() -> None:
    """No module below the user's own short forms imports the public face: it would go around the import directions."""
    above = ("queenlib/cli/", "queenlib/magics.py", "queenlib/widgets.py", "widgets/")
    modules = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in sources()}
    none_of(
        f"{name(path)} imports {full}"
        for path in sources()
        if not name(path).startswith(above)
        for full in imports(path)
        if full == "queenlib" or (full.startswith("queenlib.") and full.count(".") == 1 and full not in modules)
    )


def test_import_contracts_hold() -> None:
    """The import directions that pyproject.toml draws are kept."""
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert ", 0 broken" in done.stdout
