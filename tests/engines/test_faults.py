"""What can be wrong with a worker, in words."""

from __future__ import annotations

from typing import Any

import pytest

from queenlib.engines.faults import decode, died, protocol, stalled
from queenlib.errors import QueenError, WorkerProtocol, revive


@pytest.mark.parametrize("error", [died("w", "it broke"), stalled("w", 3.0), protocol("w", "it sang")])
def test_four_parts(error: QueenError) -> None:
    """Each has all four parts, names its worker, and travels."""
    assert all((error.what, error.why, error.state, error.next))
    assert "w" in error.what
    again: Any = revive(error.problem())
    assert (type(again), again.fields) == (type(error), error.fields)


def test_decode() -> None:
    """JSON is read; what is none is not the protocol."""
    assert decode("w", '{"a": 1}') == {"a": 1}
    with pytest.raises(WorkerProtocol):
        decode("w", "<html>")
