"""The hive operations, with no router in sight."""

import pytest

from queenlib.errors import UnknownHive
from queenlib.hives.catalog import HiveCatalog
from queenlib.messages.base import Deleted
from queenlib.messages.hive import (
    HiveCreate,
    HiveDelete,
    HiveGet,
    HiveInfo,
    HiveKind,
    HiveList,
    HiveListing,
    HiveStart,
    HiveStatus,
    HiveStatusReport,
    HiveStop,
    HiveUpdate,
)
from queenlib.operations import hive
from tests.operations.conftest import last_of


async def test_list_hives(hives: HiveCatalog) -> None:
    """Listing the hives of a catalog of two gives two."""
    listed = await last_of(hive.hive_list(HiveList(), hives))
    assert isinstance(listed, HiveListing)
    assert len(listed.hives) == 2


async def test_a_hive_is_added_changed_started_stopped_and_removed(hives: HiveCatalog) -> None:
    """Each operation's last item is its declared result."""
    steps = [
        (hive.hive_create(HiveCreate(hive_id="bee", kind=HiveKind.SIMULATED), hives), "stopped"),
        (hive.hive_update(HiveUpdate(hive_id="bee", address="attic"), hives), "stopped"),
        (hive.hive_update(HiveUpdate(hive_id="bee", keep_alive="never"), hives), "stopped"),
        (hive.hive_start(HiveStart(hive_id="bee"), hives), "ready"),
        (hive.hive_get(HiveGet(hive_id="bee"), hives), "ready"),
        (hive.hive_stop(HiveStop(hive_id="bee"), hives), "stopped"),
    ]
    info: object = None
    for work, state in steps:
        info = await last_of(work)
        assert isinstance(info, HiveInfo)
        assert (info.id, info.state) == ("bee", state)
    assert isinstance(info, HiveInfo)
    assert (info.address, info.keep_alive) == ("attic", "never")
    assert await last_of(hive.hive_delete(HiveDelete(hive_id="bee"), hives)) == Deleted(kind="hive", id="bee")
    with pytest.raises(UnknownHive):
        await last_of(hive.hive_get(HiveGet(hive_id="bee"), hives))


async def test_a_status_has_devices(hives: HiveCatalog) -> None:
    """A made-up hive's devices are made up, and it has no load."""
    report = await last_of(hive.hive_status(HiveStatus(hive_id="ant"), hives))
    assert isinstance(report, HiveStatusReport)
    assert (len(report.devices), report.load) == (2, None)
