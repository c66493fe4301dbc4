"""What the model operations do."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from queenlib.errors import InUse
from queenlib.hives.catalog import HiveCatalog
from queenlib.messages.base import Deleted
from queenlib.messages.events import Body
from queenlib.messages.model import ModelDelete, ModelDownload, ModelGet, ModelInfo, ModelList, ModelListing
from queenlib.models.catalog import ModelFile


async def model_list(operation: ModelList, hives: HiveCatalog) -> AsyncGenerator[Body | ModelListing]:
    """List the models that a hive has or knows by name."""
    yield ModelListing(models=hives.get(operation.hive_id).models.list())


async def model_get(operation: ModelGet, hives: HiveCatalog) -> AsyncGenerator[Body | ModelInfo]:
    """Look at one model."""
    yield hives.get(operation.hive_id).models.get(operation.model)


async def model_download(operation: ModelDownload, hives: HiveCatalog) -> AsyncGenerator[Body | ModelInfo]:
    """Bring a model here and verify it."""
    models = hives.get(operation.hive_id).models
    fetching = models.ensure(operation.source, alias=operation.alias, sha256=operation.sha256)
    async with aclosing(fetching) as steps:
        async for step in steps:
            yield models.get(step.name) if isinstance(step, ModelFile) else step


async def model_delete(operation: ModelDelete, hives: HiveCatalog) -> AsyncGenerator[Body | Deleted]:
    """Remove a model's bytes from here."""
    hive = hives.get(operation.hive_id)
    name = hive.models.canonical(operation.model)
    if users := hives.users(name):
        raise InUse(
            f"Model {name} cannot be removed.",
            why=f"It is in use by {', '.join(users)}.",
            state="Nothing was removed.",
            next=f"Stop what uses it: await queen.workers.stop({users[0]!r})",
        )
    yield await hive.models.delete(operation.model)
