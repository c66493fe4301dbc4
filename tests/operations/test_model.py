"""The model operations, with no router in sight."""

import asyncio
from pathlib import Path

import pytest

from queenlib.errors import InUse, UnknownModel
from queenlib.hives.catalog import HiveCatalog
from queenlib.messages.base import Deleted
from queenlib.messages.model import ModelDelete, ModelDownload, ModelGet, ModelInfo, ModelList, ModelListing
from queenlib.messages.worker import WorkerSpawn
from queenlib.operations import model
from tests.operations.conftest import last_of


async def test_the_demo_model_is_known_before_it_is_here(hives: HiveCatalog) -> None:
    """It is listed with its size and SHA-256, and is not present in a new home."""
    listing = await last_of(model.model_list(ModelList(), hives))
    assert isinstance(listing, ModelListing)
    (demo,) = [each for each in listing.models if each.name == "smollm2-135m"]
    assert (demo.present, demo.size) == (False, 98_362_432)


async def test_a_file_of_ones_own_is_brought_named_and_forgotten(hives: HiveCatalog, real_model_path: Path) -> None:
    """It is verified in place under an alias; deleting forgets it and leaves the file."""
    wanted = ModelDownload(source=f"file:{real_model_path}", alias="mine")
    info = await last_of(model.model_download(wanted, hives))
    assert isinstance(info, ModelInfo)
    assert (info.name, info.present, info.size) == ("mine", True, real_model_path.stat().st_size)
    assert await last_of(model.model_get(ModelGet(model="mine"), hives)) == info
    assert await last_of(model.model_delete(ModelDelete(model="mine"), hives)) == Deleted(kind="model", id="mine")
    assert real_model_path.exists()
    with pytest.raises(UnknownModel):
        await last_of(model.model_get(ModelGet(model="mine"), hives))


async def test_a_model_that_is_loaded_stays(hives: HiveCatalog, real_model_path: Path) -> None:
    """Deleting is refused from the first moment that a worker wants it, and names the worker."""
    source = f"file:{real_model_path}"
    await last_of(model.model_download(ModelDownload(source=source, alias="mine"), hives))
    steps = hives.spawn(WorkerSpawn(model=source, name="w", threads=1))
    begun = asyncio.create_task(last_of(steps))
    await asyncio.sleep(0)
    with pytest.raises(InUse) as caught:
        await last_of(model.model_delete(ModelDelete(model="mine"), hives))
    assert "'w'" in caught.value.next
    begun.cancel()
    await asyncio.wait({begun})
    assert await last_of(model.model_delete(ModelDelete(model="mine"), hives))
