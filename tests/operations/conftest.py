"""What the operations' tests share: a catalog of hives, with no router in sight."""

from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path

import pytest

from queenlib.hives.catalog import HiveCatalog
from queenlib.home import Home
from queenlib.messages.hive import HiveKind
from queenlib.models.catalog import ModelCatalog
from queenlib.world import World


@pytest.fixture
async def hives(tmp_path: Path) -> AsyncIterator[HiveCatalog]:
    """Two hives: this machine, and a made-up one called `ant`."""
    home, world = Home.open(tmp_path), World()
    catalog = HiveCatalog(home, ModelCatalog(home, world), world)
    catalog.create("ant", HiveKind.SIMULATED, "")
    yield catalog
    await catalog.close()


async def last_of(steps: AsyncGenerator[object]) -> object:
    """The result of an operation: what it yields last."""
    return [step async for step in steps][-1]
