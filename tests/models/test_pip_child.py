"""The process that pip runs in."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil

from tests.models.package_index import PackageIndex
from tests.models.steps import come, until

STARTER = """
import asyncio, sys
from pathlib import Path
from queenlib.models.pip_index import Pip
from queenlib.models.source import parse_source
asyncio.run(Pip().find(parse_source("package:tiny-model==1.0/a.gguf"), Path(sys.argv[1])))
"""


def running(word: str) -> list[int]:
    """The processes whose command line has a word."""
    return [each.pid for each in psutil.process_iter(["cmdline"]) if word in " ".join(each.info["cmdline"] or ())]


async def test_ends_with_its_starter(index: PackageIndex, tmp_path: Path) -> None:
    """When whoever started it is killed, nothing of it is left."""
    index.offer(b"")
    page = index.files["/simple/tiny-model/"]
    page.gate_at = 0
    scratch = str(tmp_path / "scratch")
    with subprocess.Popen([sys.executable, "-c", STARTER, scratch]) as starter:  # noqa: ASYNC220
        await come(page.arrived)
        assert len(running(scratch)) == 2
        starter.kill()
    await until(lambda: not running(scratch))
