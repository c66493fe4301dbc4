"""Fetches a package's wheel: found by pip, fetched by us where we may, else by pip."""

from __future__ import annotations

import shutil
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

from queenlib.messages.events import Log, Progress
from queenlib.models.files import off_loop, publish
from queenlib.models.pip_index import OnlyPip, Pip
from queenlib.models.source import PackageSource
from queenlib.models.transfer import Parcel, fetch
from queenlib.world import World


async def fetch_wheel(
    pip: Pip, source: PackageSource, label: str, wheel: Path, world: World
) -> AsyncGenerator[Progress | Log]:
    """Fetch the wheel to the path `wheel`: progress in bytes; afterwards it lies there whole.

    pip finds it without fetching it. Then we fetch it, for we can resume; what only pip may fetch, pip fetches.

    Raises:
        DownloadFailed: There is no such package, no connection, or it broke off; what came is kept.
        WrongChecksum: The bytes are not those that the index promises.
        MissingExtra: There is no pip.
    """
    yield Log(text=f"{label}: asking the package index for {source.requirement}.")
    try:
        settings = await pip.settings()
        found = await pip.find(source, wheel.with_suffix(".pip"))
        async with aclosing(fetch(Parcel(label, found.url, found.sha256, wheel), settings, world)) as steps:
            async for step in steps:
                yield step
        return
    except OnlyPip as reason:
        why = str(reason)
    yield Log(text=f"{label}: pip itself fetches it, because {why}. This cannot be resumed.")
    async with aclosing(_by_pip(pip, source, label, wheel)) as pieces:
        async for piece in pieces:
            yield piece


async def _by_pip(pip: Pip, source: PackageSource, label: str, wheel: Path) -> AsyncGenerator[Progress]:
    folder = wheel.with_suffix(".pip")
    try:
        async with aclosing(pip.download(source, folder, f"download {label}")) as steps:
            async for step in steps:
                if isinstance(step, Progress):
                    yield step
                else:
                    await off_loop(publish, step, wheel)
    finally:
        await off_loop(shutil.rmtree, folder, ignore_errors=True)
