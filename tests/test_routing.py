"""Which function does which operation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from queenlib.home import Home
from queenlib.messages.parse import OPERATIONS, parse_operation
from queenlib.routing import route_operation
from queenlib.state import QueenState

NEEDS: dict[str, dict[str, Any]] = {
    "infer": {"prompt": "x"},
    "infer_batch": {"prompt": "{a}", "columns": {"a": ["x"]}},
    "embed": {"texts": ["x"]},
    "hive_create": {"id": "bee", "kind": "simulated"},
    "hive_delete": {"id": "bee"},
    "worker_get": {"worker_id": "w"},
    "worker_spawn": {"model": "sim:echo"},
    "worker_delete": {"worker_id": "w"},
    "model_get": {"model": "m"},
    "model_download": {"source": "m"},
    "model_delete": {"model": "m"},
}
"""What an operation cannot be without."""


@pytest.fixture
async def state(tmp_path: Path) -> AsyncIterator[QueenState]:
    """A queen's state, closed in the end."""
    made = QueenState.open(Home.open(tmp_path))
    yield made
    await made.close()


@pytest.mark.parametrize("name", OPERATIONS)
async def test_each_operation_has_its_function(state: QueenState, name: str) -> None:
    """It is called like it."""
    work: Any = route_operation(parse_operation({"operation": name, **NEEDS.get(name, {})}), state)
    assert work.__name__ == name
    await work.aclose()


async def test_routing_begins_nothing(state: QueenState) -> None:
    """The work begins when it is drawn from, not when it is routed."""
    work = route_operation(parse_operation({"operation": "hive_create", "id": "bee", "kind": "simulated"}), state)
    assert len(state.hives.infos()) == 1
    assert [item async for item in work]
    assert len(state.hives.infos()) == 2
