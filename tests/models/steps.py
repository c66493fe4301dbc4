"""What tests of models do again and again."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import TypeVar

import psutil

from queenlib.messages.events import Progress
from queenlib.models.catalog import ModelCatalog, ModelFile

T = TypeVar("T")


async def collect(steps: AsyncGenerator[T]) -> list[T]:
    """All that comes, to the end."""
    async with aclosing(steps) as drawn:
        return [step async for step in drawn]


async def ensured(catalog: ModelCatalog, name: str, **options: str | None) -> ModelFile:
    """The file that `ensure` ends with."""
    *_, last = await collect(catalog.ensure(name, **options))
    assert isinstance(last, ModelFile)
    return last


def of(steps: list[T], what: str) -> list[Progress]:
    """The progress of one thing."""
    return [step for step in steps if isinstance(step, Progress) and step.what == what]


async def come(event: threading.Event) -> None:
    """Wait for something in another thread."""
    assert await asyncio.to_thread(event.wait, 30)


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(30):
        while not holds():
            await asyncio.sleep(0.02)


def children() -> list[str]:
    """The processes that this one has started, by command line."""
    return [" ".join(child.cmdline()) for child in psutil.Process().children(recursive=True)]


def leftovers(folder: Path) -> set[str]:
    """The names in a folder, but for locks, which stay."""
    return {path.name for path in folder.iterdir() if path.suffix != ".lock"}
