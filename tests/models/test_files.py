"""Work on large files."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from pathlib import Path

import pytest

from queenlib.models.files import BLOCK, Pace, hash_file, off_loop, publish, write_whole
from queenlib.world import World
from tests.models.steps import collect, come


class Clock(World):
    """A world whose clock is set by hand."""

    at = 0.0

    def monotonic(self) -> float:
        """See `World.monotonic`."""
        return type(self).at


async def test_cancel_waits_for_the_thread() -> None:
    """Cancelled work off the loop has ended when the cancel is seen, and the loop was free meanwhile."""
    started, go, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        started.set()
        go.wait(30)
        ended.set()

    task = asyncio.create_task(off_loop(work))
    await come(started)
    task.cancel()
    await asyncio.sleep(0.05)
    assert not task.done()
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()


def test_pace() -> None:
    """Progress is due ten times a second, however often it is asked for."""
    clock = Clock()
    pace = Pace(clock)
    due = 0
    for _ in range(1000):
        Clock.at += 0.001
        due += pace.due()
    assert 8 <= due <= 10


async def test_hash_with_progress(tmp_path: Path, world: World) -> None:
    """A file's SHA-256 comes last, after progress from none to all of it."""
    path = tmp_path / "it"
    path.write_bytes(b"x" * (BLOCK + 5))
    first, *_, last, digest = await collect(hash_file(path, "verify it", world))
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert not isinstance(first, str)
    assert not isinstance(last, str)
    assert (first.done, last.done, last.total, last.what) == (0, BLOCK + 5, BLOCK + 5, "verify it")


def test_files_come_whole(tmp_path: Path) -> None:
    """A file is moved to its place in folders that were not there, and small ones leave nothing beside them."""
    made = tmp_path / "made"
    made.write_bytes(b"whole")
    publish(made, tmp_path / "new" / "it")
    write_whole(tmp_path / "new" / "small", "text")
    write_whole(tmp_path / "new" / "small", "other")
    assert {path.name: path.read_text() for path in (tmp_path / "new").iterdir()} == {"it": "whole", "small": "other"}
    assert not made.exists()
