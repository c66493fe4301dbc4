"""How soon a busy thread gives the interpreter to a queen in the same process."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from queenlib import Queen
from queenlib.client.sharing import SWITCH_S, shared


@pytest.fixture(autouse=True)
def usual() -> Iterator[float]:
    """What holds outside."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.005)
    yield 0.005
    sys.setswitchinterval(before)


def test_the_interpreter_is_shared_while_a_queen_is_here(tmp_path: Path, usual: float) -> None:
    """From the first queen of a process to the last, and then as before."""
    with Queen(tmp_path / "one"):
        assert sys.getswitchinterval() == pytest.approx(SWITCH_S)
        with Queen(tmp_path / "two"):
            assert sys.getswitchinterval() == pytest.approx(SWITCH_S)
        assert sys.getswitchinterval() == pytest.approx(SWITCH_S)
    assert sys.getswitchinterval() == pytest.approx(usual)


@pytest.mark.parametrize("chosen_s", [0.0001, 0.02])
def test_what_somebody_sets_meanwhile_stays(chosen_s: float) -> None:
    """It is theirs, not ours, to put back."""
    with shared():
        sys.setswitchinterval(chosen_s)
    assert sys.getswitchinterval() == pytest.approx(chosen_s, abs=2e-6)


def test_what_is_lower_already_stays() -> None:
    """Nobody waits longer because a queen came."""
    sys.setswitchinterval(0.0001)
    with shared():
        assert sys.getswitchinterval() < SWITCH_S / 4
    assert sys.getswitchinterval() < SWITCH_S / 4
