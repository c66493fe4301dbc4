"""A queen for the views, in this process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from queenlib import Queen


@pytest.fixture(scope="module")
def queen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Queen]:
    """One that all tests of a file share."""
    with Queen(tmp_path_factory.mktemp("home")) as made:
        yield made
