"""Every source file that does something has a test file of its name, in the same place."""

from __future__ import annotations

from pathlib import Path

from tests.house.tree import PACKAGES, ROOT, TESTS, acts, functions, name, none_of, sources

COVERED: dict[str, tuple[str, str]] = {
    "queenlib/__init__.py": ("tests/house/test_exports.py", "it is the public face and nothing else"),
}
"""Source files without a twin: the test file that covers them instead, and why."""


def twin(path: Path) -> Path:
    """Where the tests of a source file are."""
    package = next(package for package in PACKAGES if path.is_relative_to(package))
    inside = path.relative_to(package)
    folder = TESTS if package.name == "queenlib" else TESTS / "widgets"
    if path.name == "__init__.py":
        return folder / inside.parent / "test_init.py"
    return folder / inside.parent / f"test_{path.name}"


def test_every_source_has_its_tests() -> None:
    """A source file whose functions do something has its twin, or stands in the table with the test that covers it."""
    doing = {name(path): name(twin(path)) for path in sources() if any(map(acts, functions(path)))}
    assert doing, "no source files were found"
    missing = {source: test for source, test in doing.items() if source not in COVERED and not (ROOT / test).exists()}
    none_of(f"{source} has no {test}" for source, test in missing.items())


def test_excuses_hold() -> None:
    """Each line of the table is needed, and the test that it names is there."""
    for source, (test, reason) in COVERED.items():
        assert (ROOT / source).exists(), f"{source} is gone"
        assert not twin(ROOT / source).exists(), f"{source} has its twin by now"
        assert (ROOT / test).exists(), f"{test}, which covers {source}, is gone"
        assert reason
