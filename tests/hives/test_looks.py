"""Looks at hives, workers and models."""

from __future__ import annotations

import asyncio
from pathlib import Path

from queenlib.hives.looks import Looks
from queenlib.home import Home
from queenlib.models.catalog import ModelCatalog
from queenlib.world import World
from tests.hives.yard import ANT, spawn, yard


async def test_each_kind_is_seen(tmp_path: Path) -> None:
    """A worker is among its hive's and among the workers; a model that has a name is among the models."""
    async with yard(tmp_path) as hives, asyncio.timeout(60):
        world = World()
        looks = Looks(hives, ModelCatalog(Home.open(tmp_path), world), world)
        _, models = await looks.models.whole()
        assert "smollm2-135m" in {model.name for model in models}
        _, before = await looks.workers.whole()
        assert before == ()
        number = looks.hives.board.number
        worker = await spawn(hives, "sim:echo")
        await looks.hives.news(number)
        await looks.workers.news(0)
        _, workers = await looks.workers.whole()
        assert [each.id for each in workers] == [worker.id]
        _, found = await looks.hives.whole()
        assert [each.id for each in next(hive for hive in found if hive.id == ANT).workers] == [worker.id]
