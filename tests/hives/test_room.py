"""Room for a worker: what does not fit is refused before it starts, and idle workers give way to what does."""

import asyncio
from pathlib import Path

import pytest

from queenlib.errors import NoRoom
from queenlib.hives.catalog import LOCAL, HiveCatalog
from queenlib.hives.room import ENGINE_BYTES
from queenlib.hives.worker import Worker
from queenlib.messages.events import Log
from queenlib.messages.worker import WorkerSpawn
from tests.hives.yard import ANT, QUICK, ant, ask, every, generating, spawn
from tests.models.make_gguf import FACTS, make_gguf

TEN = "sim:words?memory_gb=10&tokens_per_s=50&tokens=100000"
"""Two of them fit in the 23 GiB of the made-up graphics card."""


def ten(seed: int) -> str:
    """One of several models of that size."""
    return f"{TEN}&seed={seed}"


async def test_what_cannot_fit_is_refused(hives: HiveCatalog) -> None:
    """Needed and free bytes are told, with what to do; nothing was started, asked for or spawned."""
    error = await ask(hives, "sim:words?memory_gb=30").fails()
    assert isinstance(error, NoRoom)
    assert (error.needed, error.free) == (30_000_000_000, 23 * 1024**3)
    assert "30.0 GB" in error.what
    assert "24.7 GB free" in error.what
    assert "stop(idle=True)" in error.next
    with pytest.raises(NoRoom):
        await spawn(hives, "sim:words?memory_gb=30", name="w")
    assert ant(hives).workers.all() == ()
    assert (await spawn(hives, QUICK, name="w")).open


async def test_idle_ones_give_way(hives: HiveCatalog) -> None:
    """The one that is longest idle goes, no more than needed, and the log of who needs the room says so."""
    first, second = await spawn(hives, ten(1)), await spawn(hives, ten(2))
    for seed in (2, 1):  # the second was used before the first
        asker = ask(hives, ten(seed))
        await generating(asker)
        await asker.cancel()
    third = ask(hives, ten(3))
    await generating(third)
    assert (first.ended, second.ended) == (False, True)
    assert third.told(f"worker {second.id}: idle, stopped to make room (10.0 GB needed)")
    assert "it made room for" in second.info().reason
    await third.cancel()


async def test_who_works_or_stays_does_not_give_way(hives: HiveCatalog) -> None:
    """A worker in use, one that is always kept, and one that was only just loaded stay; the error names them."""
    busy = await spawn(hives, ten(1))
    asker = ask(hives, ten(1))
    await generating(asker)
    kept = await spawn(hives, ten(2), keep_alive="never")
    kept.use()
    error = await ask(hives, ten(3)).fails()
    assert isinstance(error, NoRoom)
    assert busy.id in error.state
    assert f"{kept.id} (ready)" in error.state
    assert {worker.ended for worker in (busy, kept)} == {False}
    await asker.cancel()


async def test_what_loads_has_its_room(hives: HiveCatalog) -> None:
    """Three at once where two fit: one of them is refused, whichever came last."""
    tries = [spawn(hives, f"{ten(seed)}&load_s=0.3") for seed in range(3)]
    made = await asyncio.gather(*tries, return_exceptions=True)
    assert [type(each) for each in made] == [Worker, Worker, NoRoom]
    error = made[2]
    assert isinstance(error, NoRoom)
    assert error.free < 5e9


async def test_real_need_is_what_is_taken(hives: HiveCatalog, real_model_path: Path) -> None:
    """Weights, cache and engine of a real worker: its process takes that and not much more."""
    wanted = WorkerSpawn(model=f"file:{real_model_path}", hive_id=LOCAL, context=2048, slots=2, threads=1)
    *_, made = await every(hives.spawn(wanted))
    assert isinstance(made, Worker)
    tokens = 4096 * 2 * 5760 * 2
    assert made.spec.need == real_model_path.stat().st_size + tokens + ENGINE_BYTES
    taken = made.info().memory
    assert taken is not None
    assert 0.8 < taken / made.spec.need < 1.3


async def test_real_context_that_cannot_fit_is_refused(hives: HiveCatalog, tmp_path: Path) -> None:
    """What the header of a file says is enough: its context needs more than the machine has, and a shorter one would do."""
    wide = {"llama.block_count": 1000, "llama.embedding_length": 64, "llama.attention.head_count": 1}
    path = tmp_path / "wide.gguf"
    path.write_bytes(make_gguf(facts={**FACTS, **wide, "llama.context_length": 2**24}))
    wanted = WorkerSpawn(model=f"file:{path}", hive_id=LOCAL, context=10_000_000, slots=16, device="cpu")
    with pytest.raises(NoRoom, match="needs 40960") as caught:
        await every(hives.spawn(wanted))
    assert caught.value.needed == path.stat().st_size + 160_000_000 * 1000 * 64 * 2 * 2 + ENGINE_BYTES
    assert caught.value.free > 0
    assert "160,000,000 tokens of context in 16 slots" in caught.value.why
    assert "Spawn it with context=" in caught.value.next
    assert hives.get(LOCAL).workers.all() == ()


async def test_log_says_nothing_where_there_is_room(hives: HiveCatalog) -> None:
    """Nobody is stopped for what fits."""
    there = await spawn(hives, ten(1))
    steps = await every(hives.spawn(WorkerSpawn(model=ten(2), hive_id=ANT)))
    assert not any("make room" in step.text for step in steps if isinstance(step, Log))
    assert there.open
