"""All that one queen holds, put together and taken apart in one place."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime

from queenlib.hives.catalog import HiveCatalog
from queenlib.home import Home
from queenlib.models.catalog import DEMO_MODEL, ModelCatalog
from queenlib.operations.claims import Claims
from queenlib.registry.limits import Limits
from queenlib.registry.registry import Registry
from queenlib.registry.retention import Retention
from queenlib.registry.sqlite.store import Durability, SqliteStore
from queenlib.registry.store import Store
from queenlib.world import World


@dataclass(frozen=True)
class QueenState:
    """The single state that the router works on."""

    world: World
    home: Home
    registry: Registry
    hives: HiveCatalog
    models: ModelCatalog
    default_model: str
    """The model of an `infer` that names none."""
    started_at: datetime
    claims: Claims
    """The questions that its batches ask now."""

    @classmethod
    def open(
        cls,
        home: Home,
        *,
        world: World | None = None,
        store: Store | None = None,
        limits: Limits | None = None,
        retention: Retention | None = None,
        durability: Durability = "full",
    ) -> QueenState:
        """A new queen's state; to be called on the event loop that it will live on.

        Raises:
            HomeTaken: Another queen has this home.
            StoreUnusable: Its store cannot be used, and was not touched.
        """
        world = world or World()
        store = store or SqliteStore.open(home.store, world, durability=durability)
        models = ModelCatalog(home, world)
        return cls(
            world=world,
            home=home,
            registry=Registry(store, world, limits, retention),
            hives=HiveCatalog(home, models, world),
            models=models,
            default_model=os.environ.get("QUEENLIB_MODEL") or DEMO_MODEL,
            started_at=world.now(),
            claims=Claims(),
        )

    async def close(self) -> None:
        """Stop every job, then every hive: nothing of ours runs when this returns."""
        try:
            await self.registry.close()
        finally:
            await self.hives.close()
