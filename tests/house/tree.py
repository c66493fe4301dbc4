"""The house as files: what the tests in this folder look at."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (ROOT / "queenlib", ROOT / "widgets" / "queenlib_widgets")
TESTS = ROOT / "tests"


def sources() -> list[Path]:
    """All Python files of both packages."""
    return sorted(path for package in PACKAGES for path in package.rglob("*.py"))


def files_of_tests() -> list[Path]:
    """All files that hold tests."""
    return sorted(TESTS.rglob("test_*.py"))


def written_files() -> list[Path]:
    """All files that people wrote and that travel with a clone."""
    folders = (".ci", "benchmarks", "binder", "notebooks", "queenlib", "requirements", "tests", "widgets")
    found = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    found += [path for path in ROOT.iterdir() if path.is_file()]
    return sorted(path for path in found if not set(path.parts) & {"__pycache__", ".ipynb_checkpoints"})


def name(path: Path) -> str:
    """A path as people say it: from the clone's folder, with slashes."""
    return path.relative_to(ROOT).as_posix()


def none_of(offenders: Iterable[str]) -> None:
    """Fail if there is any offender, and name them all."""
    found = sorted(offenders)
    assert not found, "\n".join(["", *found])


@cache
def parse(path: Path) -> ast.Module:
    """The syntax tree of a Python file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """All functions and methods of a file."""
    return (node for node in ast.walk(parse(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def acts(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a function does something: a protocol's have a docstring and `...`."""
    return not all(isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant) for line in function.body)


def nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes of a tree but those that are there for type checkers alone."""
    yield tree
    for child in ast.iter_child_nodes(tree):
        if not (isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING"):
            yield from nodes(child)


def imports(path: Path) -> set[str]:
    """The full names of all that a file imports when it runs: of `from a.b import c` it is `a.b.c`."""
    found: set[str] = set()
    for node in nodes(parse(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name(path)}:{node.lineno} imports relatively"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def foreign(path: Path) -> set[str]:
    """The third-party packages that a file imports, by their top names."""
    tops = {full.partition(".")[0] for full in imports(path)}
    return tops - sys.stdlib_module_names - {"queenlib", "queenlib_widgets"}
