"""What the registry's tests share: a world whose ids are known, stores, and a registry on them."""

from collections.abc import AsyncIterator

import pytest

from queenlib.registry.memory import MemoryStore
from queenlib.registry.registry import Registry
from queenlib.registry.store import Store
from queenlib.world import World

STORES = {"memory": MemoryStore}
"""Every store that there is; each passes the one suite."""


@pytest.fixture(params=sorted(STORES))
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    """A new, empty store of each kind."""
    made = STORES[request.param]()
    yield made
    await made.close()


@pytest.fixture
async def registry(store: Store) -> AsyncIterator[Registry]:
    """A registry on a new store."""
    made = Registry(store, World())
    yield made
    await made.close()
