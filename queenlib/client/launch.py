"""Starts a queen in a process of her own: `queenlib serve`, who says where she is, or why she is nowhere."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from queenlib.errors import HomeTaken, QueenError, revive
from queenlib.home import Home
from queenlib.world import World

START_S = 60.0
"""Seconds in which she has to say where she is."""
LOG_BYTES = 2**20
"""A longer log of what she said is set aside when the next one is started; one such is kept."""
LAST_LINES = 10
OURS = ("QUEENLIB_QUEEN", "QUEENLIB_URL", "QUEENLIB_TOKEN_FILE")
"""What our environment says about which queen we want is none of her business."""


@dataclass(frozen=True)
class Launch:
    """How she is started.

    With `lifeline`, she ends with this process, SIGKILL included; without, she is on her own: in a session of her own, so
    that no signal for us reaches her, and nobody's child.
    """

    lifeline: bool = False
    idle_exit_s: float | None = None
    """After so many quiet seconds she ends."""
    port: int = 0

    @property
    def command(self) -> list[str]:
        """What is run."""
        idle = [] if self.idle_exit_s is None else ["--idle-exit", f"{self.idle_exit_s:g}"]
        life = "--lifeline" if self.lifeline else "--detached"
        return [sys.executable, "-m", "queenlib", "serve", "--json", life, "--port", str(self.port), *idle]


async def launch(home: Home, world: World, how: Launch) -> asyncio.subprocess.Process | None:
    """Start a queen on a home. When this returns, her address file says where she is.

    Returns:
        Her process, where she has a lifeline: its standard input. `None`: she is on her own, or another queen has the home.

    Raises:
        StoreUnusable: The store of the home cannot be used.
        QueenError: She did not start; the log of what she said is named.
    """
    log = log_file(home)
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as said:
        process = await asyncio.create_subprocess_exec(
            *how.command,
            stdin=asyncio.subprocess.PIPE if how.lifeline else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=said,
            cwd=home.path,  # else a folder of the user's would be hers, with all modules in it
            env=_environment(os.environ, home),
            start_new_session=True,
        )
    told = await _told(process, world)
    if "url" not in told or not how.lifeline:
        await end(process, world)
    if "problem" in told:
        problem = revive(told["problem"])
        if isinstance(problem, HomeTaken):
            return None
        raise problem
    if "url" not in told:
        raise _silent(process.returncode, log)
    return process if how.lifeline else None


async def end(process: asyncio.subprocess.Process, world: World, within_s: float = 30.0) -> None:
    """Let go of a process, and see that it has ended: by itself where it can, else by force."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        async with world.limit(within_s):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


async def _told(process: asyncio.subprocess.Process, world: World) -> Mapping[str, Any]:
    """The one line that she says; nothing if she says none in her time."""
    assert process.stdout is not None
    try:
        async with world.limit(START_S):
            said = json.loads(await process.stdout.readline() or b"{}")
            await process.stdout.read()  # she lets go of it
    except (TimeoutError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def log_file(home: Home) -> Path:
    """Where what she says is written; one that has become long is set aside."""
    log = home.logs / "queen.log"
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))
    return log


def _environment(given: Mapping[str, str], home: Home) -> dict[str, str]:
    hers = {name: value for name, value in given.items() if name not in OURS} | {"QUEENLIB_HOME": str(home.path)}
    if places := given.get("PYTHONPATH"):  # seen from another folder
        hers["PYTHONPATH"] = os.pathsep.join(str(Path(place).absolute()) for place in places.split(os.pathsep) if place)
    return hers


def _silent(code: int | None, log: Path) -> QueenError:
    lines = log.read_text(errors="replace").splitlines()[-LAST_LINES:]
    return QueenError(
        f"The queen did not start: her process ended with {code} before she was ready.",
        why="\n".join(["The last that she said:", *lines]) if lines else "She said nothing.",
        state="Nothing of hers runs.",
        next=f"Read it all: cat {log}",
        last_lines=lines,
    )
