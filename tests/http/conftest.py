"""What the tests of the HTTP layer share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.http.served import Served, served


@pytest.fixture
async def queen(tmp_path: Path) -> AsyncIterator[Served]:
    """A queen behind a real socket."""
    async with served(tmp_path) as made:
        yield made
