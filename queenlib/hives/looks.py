"""The hives, workers and models of a queen, for those who watch them."""

from __future__ import annotations

from collections.abc import Sequence

from queenlib.boards.looking import Looking
from queenlib.hives.catalog import HiveCatalog
from queenlib.messages.hive import HiveInfo
from queenlib.messages.model import ModelInfo
from queenlib.messages.worker import WorkerInfo
from queenlib.models.catalog import ModelCatalog
from queenlib.world import World

EVERY_S = 0.25
"""Seconds between two looks at hives and workers."""
MODELS_EVERY_S = 1.0
"""Seconds between two looks at models, which are files."""


class Looks:
    """One look at each kind, for all who watch."""

    def __init__(self, hives: HiveCatalog, models: ModelCatalog, world: World) -> None:
        self._hives, self._models = hives, models
        self.hives: Looking[HiveInfo] = Looking(self._look_at_hives, world, EVERY_S)
        self.workers: Looking[WorkerInfo] = Looking(self._look_at_workers, world, EVERY_S)
        self.models: Looking[ModelInfo] = Looking(self._look_at_models, world, MODELS_EVERY_S)

    async def _look_at_hives(self) -> Sequence[HiveInfo]:
        return self._hives.infos()

    async def _look_at_workers(self) -> Sequence[WorkerInfo]:
        return tuple(worker for hive in self._hives.infos() for worker in hive.workers)

    async def _look_at_models(self) -> Sequence[ModelInfo]:
        return self._models.list()
