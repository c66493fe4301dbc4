"""Queens in processes of their own: started, killed, and seen to be gone with all that was theirs."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from queenlib.hives.pids import Pid
from queenlib.home import read_token
from queenlib.world import World
from tests.faults.doomed import TOLD
from tests.faults.history import ProcessTable

ROOT = Path(__file__).resolve().parents[2]
MARK = "LC_FAULTS"
"""A variable of the environment that guardians and workers are given as well; each queen has a value of her own in it, by
which all that is hers is told for certain."""
GONE_S = 2.0
"""Seconds after the death of a queen in which all that was hers has to be gone."""
READY_S = 30.0
"""Seconds in which a queen has to be ready."""
SERVE = ("queenlib", "serve", "--json")
"""The real program."""


@dataclass(frozen=True)
class Reign:
    """A queen who is ready."""

    process: asyncio.subprocess.Process
    mark: str
    url: str
    token: str

    def kill(self) -> None:
        """Kill her, there and then, if she lives."""
        with suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGKILL)  # its own `kill` might reap it before the loop does

    def arm(self) -> None:
        """Let one who is doomed count from now on."""
        os.kill(self.process.pid, signal.SIGUSR1)


@dataclass(frozen=True)
class Death:
    """The end of a queen, and what she left."""

    code: int
    left: ProcessTable
    gone_s: float
    """Seconds until all that was hers was gone, as far as one looked."""
    point: str
    """Where she died by her own hand; empty if she did not."""


async def begin(home: Path, program: Sequence[str] = SERVE) -> Reign | Death:
    """Start a queen on a home; or how she died before she was ready.

    Raises:
        TimeoutError: She is neither ready nor dead.
    """
    mark = World().new_id("mark")
    environment = {**os.environ, "QUEENLIB_HOME": str(home), MARK: mark}
    with (home.parent / f"{home.name}.err").open("ab") as errors:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", *program), cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE, stderr=errors
        )
    assert process.stdout is not None
    async with asyncio.timeout(READY_S):
        line = await process.stdout.readline()
    if not line:
        return await end(home, process, mark, "")
    ready = json.loads(line)
    return Reign(process, mark, ready["url"], read_token(ready["token_file"]))


async def end(home: Path, process: asyncio.subprocess.Process, mark: str, url: str, *, limit_s: float = GONE_S) -> Death:
    """Wait until a queen is dead, and see what is left of her after `limit_s` seconds."""
    code = await process.wait()
    died = time.monotonic()
    while (left := theirs(mark)) and time.monotonic() - died < limit_s:
        await asyncio.sleep(0.01)
    addresses = (url,) if url and listens(url) else ()
    return Death(code, ProcessTable(tuple(left), addresses), time.monotonic() - died, _point(home))


def _point(home: Path) -> str:
    told = home / TOLD
    if not told.exists():
        return ""
    point = told.read_text().strip()
    told.unlink()
    return point


def theirs(mark: str) -> list[Pid]:
    """The processes that have this mark and are alive."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == mark and (pid := Pid.of(process.pid)).alive():
                found.append(pid)
        except (psutil.Error, OSError):  # it is not ours, or has ended
            continue
    return found


def listens(url: str) -> bool:
    """Whether somebody takes connections at an address."""
    host, _, port = url.removeprefix("http://").rpartition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0
