"""The worker operations, with no router in sight."""

import pytest

from queenlib.errors import UnknownDevice, UnknownWorker
from queenlib.hives.catalog import HiveCatalog
from queenlib.messages.base import Deleted
from queenlib.messages.worker import (
    IdleStopped,
    WorkerDelete,
    WorkerGet,
    WorkerInfo,
    WorkerList,
    WorkerListing,
    WorkerSpawn,
    WorkerStopIdle,
)
from queenlib.operations import worker
from tests.operations.conftest import last_of


async def test_a_worker_is_spawned_seen_and_stopped(hives: HiveCatalog) -> None:
    """It is ready with all its slots free, is listed, and is gone after it was stopped."""
    wanted = WorkerSpawn(model="sim:words", name="w", slots=3, hive_id="ant", threads=2)
    info = await last_of(worker.worker_spawn(wanted, hives))
    assert isinstance(info, WorkerInfo)
    assert (info.id, info.state, info.slots, info.slots_busy, info.threads, info.engine) == (
        "w",
        "ready",
        3,
        0,
        2,
        "simulated",
    )
    assert await last_of(worker.worker_get(WorkerGet(worker_id="w", hive_id="ant"), hives)) == info.model_copy(
        update={"memory": hives.get("ant").workers.get("w").info().memory}
    )
    listing = await last_of(worker.worker_list(WorkerList(hive_id="ant"), hives))
    assert isinstance(listing, WorkerListing)
    assert [each.id for each in listing.workers] == ["w"]
    gone = await last_of(worker.worker_delete(WorkerDelete(worker_id="w", hive_id="ant"), hives))
    assert gone == Deleted(kind="worker", id="w")
    with pytest.raises(UnknownWorker):
        await last_of(worker.worker_get(WorkerGet(worker_id="w", hive_id="ant"), hives))


async def test_a_device_that_is_not_there_is_refused(hives: HiveCatalog) -> None:
    """The error names the devices that there are, and nothing was started."""
    with pytest.raises(UnknownDevice) as caught:
        await last_of(worker.worker_spawn(WorkerSpawn(model="sim:words", device="cuda:9", hive_id="ant"), hives))
    assert "cpu" in caught.value.known
    assert hives.get("ant").workers.infos() == ()


async def test_idle_workers_are_stopped_at_once(hives: HiveCatalog) -> None:
    """Which they were and what memory they held is told; a hive without any tells of none."""
    for name in ("a", "b"):
        await last_of(worker.worker_spawn(WorkerSpawn(model="sim:words", name=name, hive_id="ant"), hives))
    done = await last_of(worker.worker_stop_idle(WorkerStopIdle(hive_id="ant"), hives))
    assert isinstance(done, IdleStopped)
    assert done.workers == ("a", "b")
    assert done.freed > 1_000_000
    assert await last_of(worker.worker_stop_idle(WorkerStopIdle(hive_id="ant"), hives)) == IdleStopped(workers=(), freed=0)
