"""What the hive operations do."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from queenlib.hives.catalog import HiveCatalog
from queenlib.messages.base import Deleted
from queenlib.messages.events import Body
from queenlib.messages.hive import (
    HiveCreate,
    HiveDelete,
    HiveGet,
    HiveInfo,
    HiveList,
    HiveListing,
    HiveStart,
    HiveStatus,
    HiveStatusReport,
    HiveStop,
    HiveUpdate,
)


async def hive_list(_: HiveList, hives: HiveCatalog) -> AsyncGenerator[Body | HiveListing]:
    """List the hives."""
    yield HiveListing(hives=hives.infos())


async def hive_get(operation: HiveGet, hives: HiveCatalog) -> AsyncGenerator[Body | HiveInfo]:
    """Look at one hive and its workers."""
    yield hives.get(operation.hive_id).info()


async def hive_status(operation: HiveStatus, hives: HiveCatalog) -> AsyncGenerator[Body | HiveStatusReport]:
    """Look at one hive's devices, load and workers."""
    yield await hives.get(operation.hive_id).status()


async def hive_create(operation: HiveCreate, hives: HiveCatalog) -> AsyncGenerator[Body | HiveInfo]:
    """Add a hive."""
    yield hives.create(operation.hive_id, operation.kind, operation.address).info()


async def hive_update(operation: HiveUpdate, hives: HiveCatalog) -> AsyncGenerator[Body | HiveInfo]:
    """Change where a hive is, or how long it keeps idle workers."""
    yield hives.update(operation.hive_id, operation.address, operation.keep_alive).info()


async def hive_delete(operation: HiveDelete, hives: HiveCatalog) -> AsyncGenerator[Body | Deleted]:
    """Stop a hive and remove it."""
    async with aclosing(hives.delete(operation.hive_id, force=operation.force)) as steps:
        async for step in steps:
            yield step
    yield Deleted(kind="hive", id=operation.hive_id)


async def hive_start(operation: HiveStart, hives: HiveCatalog) -> AsyncGenerator[Body | HiveInfo]:
    """Start a hive."""
    hive = hives.get(operation.hive_id)
    async with aclosing(hive.start(by_hand=True)) as steps:
        async for step in steps:
            yield step
    yield hive.info()


async def hive_stop(operation: HiveStop, hives: HiveCatalog) -> AsyncGenerator[Body | HiveInfo]:
    """Stop a hive and its workers."""
    hive = hives.get(operation.hive_id)
    async with aclosing(hive.stop(force=operation.force)) as steps:
        async for step in steps:
            yield step
    yield hive.info()
