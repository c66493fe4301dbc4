"""The hives that there are: added, found, removed, closed."""

import asyncio
from pathlib import Path

import pytest

from queenlib.errors import Conflict, HiveStopped, NameTaken, QueenError, UnknownHive, UnknownModel
from queenlib.hives.catalog import LOCAL, HiveCatalog
from queenlib.messages.hive import HiveKind
from queenlib.messages.worker import WorkerSpawn
from tests.hives.storm import storm
from tests.hives.yard import ANT, ENDLESS, LOADS_LONG, QUICK, ant, ask, every, generating, ours, spawn, until, yard


def four_parts(error: QueenError) -> bool:
    """What, why, state and next are said."""
    return all((error.what, error.why, error.state, error.next))


def test_errors_name_what_there_is(tmp_path: Path) -> None:
    """An id that is not there, one that is something else, and a second local one."""

    async def run() -> None:
        async with yard(tmp_path) as hives:
            assert [info.id for info in hives.infos()] == [LOCAL, ANT]
            assert hives.create(ANT, HiveKind.SIMULATED, "") is ant(hives)
            for kind, work in (
                (UnknownHive, lambda: hives.get("ants")),
                (NameTaken, lambda: hives.create(ANT, HiveKind.SIMULATED, "attic")),
                (Conflict, lambda: hives.create("here", HiveKind.LOCAL, "")),
                (Conflict, lambda: hives.update(LOCAL, "attic")),
                (UnknownModel, lambda: hives.spawn(WorkerSpawn(model="smollm2"))),
            ):
                with pytest.raises(kind) as caught:
                    work()
                assert four_parts(caught.value), caught.value.problem()

    asyncio.run(run())


async def test_local_one_cannot_be_removed(hives: HiveCatalog) -> None:
    """It is the machine itself."""
    with pytest.raises(Conflict) as caught:
        await every(hives.delete(LOCAL, force=True))
    assert four_parts(caught.value)


@pytest.mark.parametrize("force", [False, True])
async def test_removed_under_those_who_use_it(hives: HiveCatalog, force: bool) -> None:
    """Two remove it while jobs generate, load and wait: each of them ends, nothing runs, and it cannot be started again."""
    model = "sim:words?tokens=20&tokens_per_s=50"
    await spawn(hives, model, slots=1)
    await generating(busy := ask(hives, model))
    waits, loads = ask(hives, model), ask(hives, LOADS_LONG)
    await until(lambda: waits.told("slot: 0 ahead") and loads.told("loads"))
    hive = ant(hives)
    await asyncio.gather(*(every(hives.delete(ANT, force=force)) for _ in range(2)))
    assert [type(await asker.fails()) for asker in (waits, loads)] == [HiveStopped, HiveStopped]
    await asyncio.wait({busy.task})
    assert (busy.task.exception() is None) == (not force)
    assert ours() == []
    with pytest.raises(UnknownHive):
        hives.get(ANT)
    with pytest.raises(HiveStopped, match="It was removed"):
        await every(hive.start(by_hand=True))
    assert hives.create(ANT, HiveKind.SIMULATED, "") is not hive
    assert await ask(hives).task


async def test_cancelled_removal_leaves_it_as_it_was(hives: HiveCatalog) -> None:
    """What generates goes on, and the hive takes more."""
    await generating(busy := ask(hives, ENDLESS))
    removal = asyncio.create_task(every(hives.delete(ANT, force=False)))
    await until(lambda: any(worker.state == "draining" for worker in ant(hives).info().workers))
    removal.cancel()
    await asyncio.wait({removal})
    assert await ask(hives).task
    await busy.cancel()


async def test_users_of_a_model_include_those_to_come(hives: HiveCatalog) -> None:
    """Workers that run, on whichever hive, and one that loads."""
    await spawn(hives, QUICK, name="a")
    await every(hives.spawn(WorkerSpawn(model=QUICK, name="b")))
    loads = asyncio.create_task(spawn(hives, LOADS_LONG, name="c"))
    await asyncio.sleep(0)
    assert sorted(hives.users(QUICK)) == ["a", "b"]
    assert hives.users(LOADS_LONG) == ("c",)
    loads.cancel()
    await asyncio.wait({loads})
    assert hives.users(LOADS_LONG) == ()


async def test_closing_ends_all_at_once(tmp_path: Path) -> None:
    """Everything on every hive ends with an error of ours; nobody can begin anything any more."""
    async with yard(tmp_path) as hives:
        askers = [ask(hives, model, hive=hive) for model in (ENDLESS, LOADS_LONG) for hive in (LOCAL, ANT)]
        for asker in askers[:2]:
            await generating(asker)
        await asyncio.gather(hives.close(), hives.close())
        assert ours() == []
        for asker in askers:
            await asker.fails()
        assert isinstance(await ask(hives).fails(), HiveStopped)


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.full) for seed in range(2, 20))])
async def test_whatever_happens_it_comes_to_an_end(tmp_path: Path, seed: int) -> None:
    """A hundred random things on one hive, kills among them: each ends with an answer or a typed error, no slot is lost."""
    async with yard(tmp_path) as hives:
        await storm(hives, seed)
        hive = ant(hives)
        assert [worker.id for worker in hive.workers.all() if worker.busy] == []
        assert hive.workers.queue._claims == []
        await every(hive.start(by_hand=True))
        assert len((await ask(hives).task).split()) == 3
