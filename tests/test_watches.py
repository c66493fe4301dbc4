"""Each kind of thing can be watched at a queen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from queenlib.errors import UnknownHive
from queenlib.home import Home
from queenlib.messages.change import FORMS, Kind, parse_watch
from queenlib.messages.hive import HiveKind
from queenlib.messages.worker import WorkerSpawn
from queenlib.state import QueenState
from queenlib.watches import Watches


@pytest.fixture
async def state(tmp_path: Path) -> AsyncIterator[QueenState]:
    """That of a queen."""
    made = QueenState.open(Home.open(tmp_path))
    yield made
    await made.close()


@pytest.mark.parametrize("kind", list(Kind))
async def test_each_kind_begins_with_a_list_of_its_form(state: QueenState, kind: Kind) -> None:
    """And it is the whole."""
    async with aclosing(Watches(state).open(parse_watch(kind))) as changes, asyncio.timeout(30):
        first = await anext(changes)
        assert (type(first), first.reset) == (FORMS[kind], True)


async def test_a_hives_workers_are_told_alone(state: QueenState) -> None:
    """Those of another are never spoken of; a hive that is not there is refused."""
    watches = Watches(state)
    for hive_id in ("ant", "bee"):
        state.hives.create(hive_id, HiveKind.SIMULATED, "")
    async with aclosing(watches.open(parse_watch(Kind.WORKERS, hive="bee"))) as changes, asyncio.timeout(30):
        assert (await anext(changes)).items == ()
        for hive_id in ("ant", "bee"):
            async for _ in state.hives.spawn(WorkerSpawn(model="sim:echo", hive_id=hive_id)):
                pass
        change = await anext(changes)
        assert ({worker.hive_id for worker in change.items}, change.gone) == ({"bee"}, ())
    with pytest.raises(UnknownHive):
        watches.open(parse_watch(Kind.WORKERS, hive="nowhere"))
