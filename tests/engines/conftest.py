"""Workers that the tests of engines share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from queenlib.engines.engine import Connection
from tests.engines.bench import Bench, bench, real_spec, sim_spec

LONG_PREFILL = "sim:words?tokens=400&tokens_per_s=100&prefill_ms=400"


@pytest.fixture(scope="module", params=["simulated", "llama_cpp"])
def worker(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """A worker of each engine: two slots of 1,024 tokens, one thread."""
    if request.param == "simulated":
        spec = sim_spec(LONG_PREFILL)
    else:
        path: Path = request.getfixturevalue("real_model_path")
        spec = real_spec(path)
    with bench(spec) as ready:
        yield ready


@pytest.fixture
def connection(worker: Bench) -> Connection:
    """A line to it."""
    return worker.connect()
