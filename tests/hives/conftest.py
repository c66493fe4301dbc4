"""Hives for tests; what they leave behind is a failure."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from queenlib.hives.catalog import HiveCatalog
from tests.hives.yard import HASTY, yard


@pytest.fixture
async def hives(tmp_path: Path) -> AsyncIterator[HiveCatalog]:
    """This machine, and a made-up one called `ant`."""
    async with yard(tmp_path) as made:
        yield made


@pytest.fixture
async def hasty(tmp_path: Path) -> AsyncIterator[HiveCatalog]:
    """The same, with little patience for their workers."""
    async with yard(tmp_path, patience=HASTY) as made:
        yield made
