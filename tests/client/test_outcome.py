"""What a job ended with."""

from __future__ import annotations

import pytest

from queenlib.client.outcome import outcome
from queenlib.errors import InternalError, WorkerDied
from queenlib.messages.base import Deleted
from queenlib.messages.state import State
from tests.display.making import failed, snapshot


def test_a_result_is_of_its_operations_class() -> None:
    """It is made from what the record has as plain data."""
    found = outcome(snapshot(State.SUCCEEDED, operation="model_delete", result={"kind": "model", "id": "m"}).job)
    assert found == Deleted(kind="model", id="m")


def test_what_it_ended_with_is_raised() -> None:
    """The same error as where it happened; a record with neither an error nor a result is a defect, and says so."""
    with pytest.raises(WorkerDied, match="It broke"):
        outcome(failed().job)
    with pytest.raises(InternalError, match="has no result"):
        outcome(snapshot(State.SUCCEEDED).job)
