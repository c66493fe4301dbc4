"""Every sabotage is caught: a promise that is broken turns a test red."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sabotage.sabotage import ROOT, Sabotage, applied, commit
from tests.sabotage.table import SABOTAGES

QUICK = ("publish before commit", "no epoch", "a key without its payload")
"""Those that are committed with every run of the tests; the others are left to the full one."""


@pytest.mark.parametrize("sabotage", SABOTAGES, ids=str)
def test_each_still_fits_the_code(sabotage: Sabotage) -> None:
    """What it changes stands in its source, once, and the test that has to see it is there."""
    assert applied(sabotage, (ROOT / sabotage.file).read_text(encoding="utf-8"))
    file, _, name = sabotage.red.partition("::")
    assert f"def {name.partition('[')[0].partition('::')[0]}(" in (ROOT / file).read_text(encoding="utf-8")


@pytest.mark.timeout(200)
@pytest.mark.parametrize("sabotage", [each for each in SABOTAGES if each.name in QUICK], ids=str)
def test_quick_ones_are_caught(sabotage: Sabotage, tmp_path: Path) -> None:
    """The test that is named fails: it does not merely break down."""
    outcome = commit(sabotage, tmp_path)
    assert outcome.caught, outcome.output


@pytest.mark.full
@pytest.mark.timeout(200)
@pytest.mark.parametrize("sabotage", [each for each in SABOTAGES if each.name not in QUICK], ids=str)
def test_all_are_caught(sabotage: Sabotage, tmp_path: Path) -> None:
    """No promise is broken unseen."""
    outcome = commit(sabotage, tmp_path)
    assert outcome.caught, outcome.output


@pytest.mark.full
@pytest.mark.timeout(200)
@pytest.mark.parametrize("red", sorted({each.red for each in SABOTAGES}))
def test_without_sabotage_each_is_green(red: str, tmp_path: Path) -> None:
    """In an unchanged copy the same tests pass: it is the sabotage that they see."""
    outcome = commit(None, tmp_path, red)
    assert outcome.code == 0, outcome.output
