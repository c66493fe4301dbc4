"""Work on large files that holds up nobody, and that leaves a file whole or not at all."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

from queenlib.messages.events import Progress
from queenlib.world import World

BLOCK = 4 * 2**20
"""Bytes that are read, hashed or written in one step."""

P = ParamSpec("P")
T = TypeVar("T")


async def off_loop(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What `work` returns, done in a thread. A cancel is raised only once the thread has ended."""
    task = asyncio.ensure_future(asyncio.to_thread(work, *args, **kwargs))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise


class Pace:
    """Says when it is time to tell about progress again: at most ten times a second."""

    def __init__(self, world: World, every_s: float = 0.1) -> None:
        self._world, self._every_s = world, every_s
        self._last = world.monotonic()

    def due(self) -> bool:
        """Whether it is time; if so, the next time is `every_s` seconds away."""
        now = self._world.monotonic()
        if now - self._last < self._every_s:
            return False
        self._last = now
        return True


async def hash_file(path: Path, what: str, world: World) -> AsyncGenerator[Progress | str]:
    """Progress in bytes and, last, the SHA-256 of a file in hexadecimal.

    Raises:
        OSError: It cannot be read.
    """
    digest, pace, done = hashlib.sha256(), Pace(world), 0
    total = (await off_loop(path.stat)).st_size
    yield Progress(what=what, done=0, total=total, unit="bytes")
    with await off_loop(path.open, "rb") as file:
        while block := await off_loop(file.read, BLOCK):
            await off_loop(digest.update, block)
            done += len(block)
            if pace.due() and done < total:
                yield Progress(what=what, done=done, total=total, unit="bytes")
    yield Progress(what=what, done=done, total=total, unit="bytes")
    yield digest.hexdigest()


def publish(made: Path, place: Path) -> None:
    """Move a whole file to its place, in one step that a crash cannot halve."""
    sync(made)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    made.replace(place)
    sync_folder(place.parent)
    sync_folder(place.parent.parent)


def write_whole(path: Path, text: str) -> None:
    """Write a small file in one step: a reader, or a crash, sees the old one or the new one."""
    made = path.with_name(f".{path.name}.{os.getpid()}")
    made.write_text(text, encoding="utf-8")
    publish(made, path)


def sync(path: Path) -> None:
    """Bring a file's bytes to the disk."""
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Bring a folder's names to the disk, where the platform has that."""
    if os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
