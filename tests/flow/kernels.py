"""Real notebook kernels, each with a client that runs cells in it and hears what comes of them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from jupyter_client.manager import KernelManager

from tests.client.outliving import until

DEADLINE_S = 90.0
"""Seconds that a cell may take, on a busy machine."""
SEEN = {"JPY_SESSION_NAME": "story.ipynb"}
"""The environment of a notebook that somebody sits before."""


class Kernel:
    """One kernel, which can be interrupted, killed and restarted."""

    def __init__(self, home: Path, python: str = "", **more: str) -> None:
        given = {name: value for name, value in os.environ.items() if not name.startswith(("QUEENLIB_", "JPY_"))}
        self._home = home
        self.kernel: Any = KernelManager()
        if python:
            self.kernel.kernel_spec.argv[0] = python
        self.kernel.start_kernel(env={**given, "QUEENLIB_HOME": str(home), **more})
        self.client: Any = self.kernel.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=DEADLINE_S)
        self.error: list[str] = []
        """What the last cell that failed showed: its kind, and then the lines."""

    @property
    def pid(self) -> int:
        """Its process."""
        return int(self.kernel.provisioner.process.pid)

    def below(self) -> list[psutil.Process]:
        """All processes below it."""
        return psutil.Process(self.pid).children(recursive=True)

    def run(self, code: str) -> str:
        """Run a cell to its end; what it printed."""
        said: list[str] = []

        def hear(message: dict[str, Any]) -> None:
            content = message["content"]
            if message["msg_type"] == "stream":
                said.append(content["text"])
            elif message["msg_type"] == "error":
                self.error = [content["ename"], *content["traceback"]]
                said.append(content["ename"])

        self.client.execute_interactive(code, timeout=DEADLINE_S, output_hook=hear)
        return "".join(said).strip()

    def begin(self, code: str) -> str:
        """Begin a cell; it runs when this returns its id. That it fails does not take the next one with it."""
        mark = self._home / f".begun-{self.pid}-{len(code)}"
        mark.unlink(missing_ok=True)
        cell = str(self.client.execute(f"import pathlib; pathlib.Path({str(mark)!r}).touch()\n{code}", stop_on_error=False))
        until(mark.exists)
        return cell

    def outcome(self, cell: str) -> str:
        """How a cell ended that was begun: `ok`, or the name of its error."""
        while True:
            reply = self.client.get_shell_msg(timeout=DEADLINE_S)
            if reply["parent_header"].get("msg_id") == cell:
                return str(reply["content"].get("ename") or reply["content"]["status"])

    def interrupt(self) -> None:
        """As by the stop button."""
        self.kernel.interrupt_kernel()

    def kill(self) -> None:
        """SIGKILL, to nobody but it."""
        os.kill(self.pid, signal.SIGKILL)
        self.kernel.provisioner.process.wait(20)

    def restart(self) -> None:
        """As by the restart button, of one that is dead."""
        self.kernel.restart_kernel(now=True)
        self.client.wait_for_ready(timeout=DEADLINE_S)

    def shut_down(self, *, now: bool = False) -> None:
        """As by the menu."""
        self.client.stop_channels()
        self.kernel.shutdown_kernel(now=now)


@contextmanager
def kernel(home: Path, python: str = "", **more: str) -> Iterator[Kernel]:
    """A kernel on a home, of our Python or of another; ended in the end."""
    made = Kernel(home, python, **more)
    try:
        yield made
    finally:
        made.client.stop_channels()
        if made.kernel.has_kernel:
            made.kernel.shutdown_kernel(now=True)
        made.kernel.cleanup_resources()
