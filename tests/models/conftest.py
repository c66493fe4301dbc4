"""A home, a catalog, and a package index that the real pip is set to and that nothing of this machine leads around."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from queenlib.home import Home
from queenlib.models.catalog import ModelCatalog
from queenlib.world import World
from tests.models.package_index import PackageIndex, package_index


@pytest.fixture
def world() -> World:
    """The real world."""
    return World()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty home."""
    return Home.open(tmp_path / "home")


@pytest.fixture
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of this machine's pip and no proxy of its own is seen."""
    for name in list(os.environ):
        if name.startswith("PIP_") or name.lower() in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.delenv(name)
    for name, value in {"CONFIG_FILE": os.devnull, "NO_CACHE_DIR": "1", "RETRIES": "0"}.items():
        monkeypatch.setenv(f"PIP_{name}", value)


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch, plain_environment: None) -> Iterator[PackageIndex]:
    """A package index on loopback; pip is set to it."""
    with package_index() as served:
        monkeypatch.setenv("PIP_INDEX_URL", f"{served.url}/simple")
        yield served


@pytest.fixture
def catalog(home: Home, world: World) -> ModelCatalog:
    """The catalog of the home."""
    return ModelCatalog(home, world)
