"""What the registry's tests share: a world whose ids are known, stores, and a registry on them."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from queenlib.registry.memory import Memory, MemoryStore
from queenlib.registry.registry import Registry
from queenlib.registry.sqlite.store import SqliteStore
from queenlib.registry.store import Store
from queenlib.world import World


def memory(_: Path) -> Callable[[], Store]:
    """The store in memory."""
    kept = Memory()
    return lambda: MemoryStore(kept)


def sqlite(folder: Path) -> Callable[[], Store]:
    """The durable store."""
    return lambda: SqliteStore.open(folder / "jobs.db", World())


STORES = {"memory": memory, "sqlite": sqlite}
"""Every store that there is; each passes the one suite. Each gives what opens it, again and again."""


@pytest.fixture(params=sorted(STORES))
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Store]:
    """Opens one store of each kind: first it is new and empty, and then as it was left."""
    return STORES[request.param](tmp_path)


@pytest.fixture
async def store(reopen: Callable[[], Store]) -> AsyncIterator[Store]:
    """A new, empty store of each kind."""
    made = reopen()
    yield made
    await made.close()


@pytest.fixture
async def registry(store: Store) -> AsyncIterator[Registry]:
    """A registry on a new store."""
    made = Registry(store, World())
    yield made
    await made.close()
