"""An environment with what queenlib needs and a kernel, and nothing else: none of the notebook's other packages."""

from __future__ import annotations

import venv
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.tree import PACKAGES


def needed(*projects: str) -> set[str]:
    """Projects, and all that they need in turn, without extras."""
    found, left = set[str](), [canonicalize_name(each) for each in projects]
    while left:
        if (project := left.pop()) not in found:
            found.add(project)
            asked = [Requirement(line) for line in distribution(project).requires or ()]
            left += [
                canonicalize_name(each.name) for each in asked if not each.marker or each.marker.evaluate({"extra": ""})
            ]
    return found


def bare(folder: Path, *more: str) -> Path:
    """Make one, of what is installed here, and with some projects more; its Python."""
    venv.create(folder, with_pip=False)
    (site,) = folder.glob("lib/python*/site-packages")
    for project in needed("queenlib", "ipykernel", *more) - {"queenlib"}:
        made = distribution(project)
        for top in {Path(path).parts[0] for path in made.files or ()} - {"..", "__pycache__"}:
            if not (site / top).exists():
                (site / top).symlink_to(Path(str(made.locate_file(top))))
    for package in PACKAGES:
        (site / package.name).symlink_to(package)
    return folder / "bin" / "python"
