"""Fetching one file."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from queenlib.errors import DownloadFailed, WrongChecksum
from queenlib.messages.events import Log
from queenlib.models.part import Part, Version
from queenlib.models.pip_settings import NetSettings
from queenlib.models.transfer import ATTEMPTS, Parcel, fetch
from queenlib.world import World
from tests.models.package_index import PackageIndex, Served
from tests.models.steps import collect, come, of, until

BODY = bytes(range(256)) * 4_000
SHA256 = hashlib.sha256(BODY).hexdigest()


@pytest.fixture
def served(index: PackageIndex) -> Served:
    """A file of about 1 MB at `/files/x`."""
    index.files["/files/x"] = Served(BODY)
    return index.files["/files/x"]


@pytest.fixture
def parcel(index: PackageIndex, served: Served, tmp_path: Path) -> Parcel:
    """That file, as it is to be fetched."""
    folder = tmp_path / "downloads"
    folder.mkdir()
    return Parcel("tiny", f"{index.url}/files/x", SHA256, folder / "it.whl")


def names(parcel: Parcel) -> set[str]:
    """What lies where it is fetched to."""
    return {path.name for path in parcel.target.parent.iterdir()}


PARTIAL = {"it.whl.part", "it.whl.part.json"}


async def interrupt(parcel: Parcel, served: Served, at: int, world: World) -> None:
    """Fetch `at` bytes of it and cancel."""
    served.gate_at = at
    task = asyncio.create_task(collect(fetch(parcel, NetSettings(), world)))
    await come(served.arrived)
    part = parcel.target.with_name("it.whl.part")
    await until(lambda: part.exists() and part.stat().st_size == at)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    served.gate.set()
    served.gate_at = None


async def test_comes_whole_with_progress(parcel: Parcel, world: World) -> None:
    """A file comes whole, alone, with progress from nothing to all of it."""
    progress = of(await collect(fetch(parcel, NetSettings(), world)), "download tiny")
    assert (progress[0].done, progress[-1].done, progress[-1].total) == (0, len(BODY), len(BODY))
    assert [each.done for each in progress] == sorted(each.done for each in progress)
    assert parcel.target.read_bytes() == BODY
    assert names(parcel) == {"it.whl"}


@pytest.mark.parametrize("cut", [1, 4096, len(BODY) - 1])
async def test_cut_line_is_taken_up(parcel: Parcel, served: Served, index: PackageIndex, world: World, cut: int) -> None:
    """A line that is cut is taken up where it was cut, which is said."""
    served.cuts = [cut, 2]
    steps = await collect(fetch(parcel, NetSettings(), world))
    assert parcel.target.read_bytes() == BODY
    assert index.gets("/files/x")[:2] == [None, f"bytes={cut}-"]
    assert any(isinstance(step, Log) and f"at byte {cut:,}" in step.text for step in steps)


async def test_line_that_is_always_cut(parcel: Parcel, served: Served, index: PackageIndex, world: World) -> None:
    """A line that is cut again and again is given up, and what came is kept for the next time."""
    served.cuts = [1000] * ATTEMPTS
    with pytest.raises(DownloadFailed, match=f"{1000 * ATTEMPTS:,} of 1,024,000 bytes") as caught:
        await collect(fetch(parcel, NetSettings(), world))
    assert (caught.value.done, caught.value.total) == (1000 * ATTEMPTS, len(BODY))
    assert names(parcel) == PARTIAL
    await collect(fetch(parcel, NetSettings(), world))
    assert index.gets("/files/x")[-1] == f"bytes={1000 * ATTEMPTS}-"
    assert parcel.target.read_bytes() == BODY


async def test_cancel_keeps_and_resumes(parcel: Parcel, served: Served, index: PackageIndex, world: World) -> None:
    """A cancelled transfer keeps what came, has nothing under the final name, and is gone on with."""
    await interrupt(parcel, served, 300_000, world)
    assert names(parcel) == PARTIAL
    progress = of(await collect(fetch(parcel, NetSettings(), world)), "download tiny")
    assert progress[0].done == 300_000
    assert index.gets("/files/x") == [None, "bytes=300000-"]
    assert parcel.target.read_bytes() == BODY


async def test_changed_version_starts_anew(parcel: Parcel, served: Served, world: World) -> None:
    """Where the file has changed meanwhile, no byte of the old one is in the new one."""
    parcel = replace(parcel, sha256=None)
    await interrupt(parcel, served, 300_000, world)
    served.etag, served.body = '"2"', BODY[::-1]
    progress = of(await collect(fetch(parcel, NetSettings(), world)), "download tiny")
    assert progress[0].done == 0
    assert parcel.target.read_bytes() == BODY[::-1]


async def test_changed_without_saying_so(parcel: Parcel, served: Served, world: World) -> None:
    """Where the file has another length under the same validator, it is fetched anew."""
    parcel = replace(parcel, sha256=None)
    await interrupt(parcel, served, 300_000, world)
    served.body = BODY[::-1] + b"more"
    await collect(fetch(parcel, NetSettings(), world))
    assert parcel.target.read_bytes() == BODY[::-1] + b"more"


@pytest.mark.parametrize(("ranges", "etag"), [(False, '"1"'), (True, None), (True, 'W/"1"')])
async def test_resume_that_is_not_possible(
    parcel: Parcel, served: Served, world: World, ranges: bool, etag: str | None
) -> None:
    """Where the index ignores `Range`, or does not say which version it is, all of it is fetched anew."""
    served.ranges, served.etag = ranges, etag
    await interrupt(parcel, served, 300_000, world)
    progress = of(await collect(fetch(parcel, NetSettings(), world)), "download tiny")
    assert progress[0].done == 0
    assert parcel.target.read_bytes() == BODY


async def test_ended_between_the_last_byte_and_the_check(parcel: Parcel, index: PackageIndex, world: World) -> None:
    """A part that is whole is checked and not fetched again."""
    part = Part(parcel.target)
    part.restart(Version.of(parcel.url, SHA256, '"1"', len(BODY)))
    part.append(BODY)
    await collect(fetch(parcel, NetSettings(), world))
    assert parcel.target.read_bytes() == BODY
    assert index.gets("/files/x") == []


async def test_unknown_length(parcel: Parcel, served: Served, world: World) -> None:
    """A file whose length is not told comes whole; its total is known at the end."""
    served.chunked = True
    progress = of(await collect(fetch(parcel, NetSettings(), world)), "download tiny")
    assert (progress[0].total, progress[-1].total) == (None, len(BODY))
    assert parcel.target.read_bytes() == BODY


async def test_wrong_bytes(parcel: Parcel, served: Served, world: World) -> None:
    """Bytes that are not the promised ones are thrown away, and the error has both sums."""
    served.body = BODY[::-1]
    with pytest.raises(WrongChecksum) as caught:
        await collect(fetch(parcel, NetSettings(), world))
    assert (caught.value.expected, caught.value.found) == (SHA256, hashlib.sha256(BODY[::-1]).hexdigest())
    assert names(parcel) == set()


async def test_stall(parcel: Parcel, served: Served, world: World) -> None:
    """Where nothing comes for the time that pip is set to, it is given up, and what came is kept."""
    served.gate_at = 500_000
    with pytest.raises(DownloadFailed, match="500,000 of 1,024,000 bytes") as caught:
        await collect(fetch(parcel, NetSettings(timeout_s=0.5), world))
    assert "sent nothing for 0.5 s" in caught.value.why
    assert "goes on from there" in caught.value.next
    assert names(parcel) == PARTIAL


async def test_not_there(parcel: Parcel, index: PackageIndex, world: World) -> None:
    """A file that is not there is an error with the status, and leaves nothing."""
    del index.files["/files/x"]
    with pytest.raises(DownloadFailed, match="0 of an unknown number") as caught:
        await collect(fetch(parcel, NetSettings(), world))
    assert "answers 404" in caught.value.why
    assert names(parcel) == set()


async def test_nowhere_to_write(parcel: Parcel, world: World) -> None:
    """What cannot be written is an error of ours, not the system's."""
    with pytest.raises(DownloadFailed, match="0 of") as caught:
        await collect(fetch(replace(parcel, target=parcel.target / "no" / "folder"), NetSettings(), world))
    assert "cannot be written" in caught.value.why


def test_address_is_not_shown(parcel: Parcel) -> None:
    """A parcel as text does not hold its address, which may hold secrets."""
    assert parcel.url not in repr(parcel)
