"""The program as people run it: in a process of its own, on a home of its own. A warning in it is an error."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

DEADLINE_S = 90
"""Seconds that any command may take, on a busy machine."""
PROGRAM = (sys.executable, "-W", "error", "-m", "queenlib")


def environment(home: Path, **more: str) -> dict[str, str]:
    """The environment of somebody who lives at `home` and has set nothing else of ours."""
    given = {name: value for name, value in os.environ.items() if not name.startswith("QUEENLIB_")}
    return {**given, "QUEENLIB_HOME": str(home), **more}


def run(home: Path, *args: str, given: str | bytes = "", **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end. `given` is its standard input, `more` its further environment."""
    written = given if isinstance(given, bytes) else given.encode()
    done = subprocess.run(
        [*PROGRAM, *args], env=environment(home, **more), input=written, capture_output=True, timeout=DEADLINE_S, check=False
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


@contextmanager
def started(home: Path, *args: str, **more: str) -> Iterator[subprocess.Popen[str]]:
    """A command that runs, its output to be read; ended, if it did not end by itself."""
    with subprocess.Popen(
        [*PROGRAM, *args],
        env=environment(home, **more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def read_until(stream: Iterator[str] | None, text: str) -> str:
    """Read lines up to and including the one with `text`."""
    read = ""
    for line in stream or ():
        read += line
        if text in line:
            return read
    raise AssertionError(f"{text!r} did not come; this did:\n{read}")


def family(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """All processes that a process has started, and theirs."""
    return psutil.Process(process.pid).children(recursive=True)


def left(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    """Those that are still there after 5 s."""
    return list(psutil.wait_procs(processes, timeout=5)[1])


def read_all(terminal: int) -> Iterator[bytes]:
    """What comes out of a terminal until nobody writes to it any more."""
    while True:
        try:
            if not (piece := os.read(terminal, 65536)):
                return
        except OSError:  # so Linux says that the other side is closed
            return
        yield piece


def on_terminal(home: Path, *args: str) -> tuple[int, str]:
    """The exit code of a command that runs on a terminal of its own, and all that it wrote there."""
    ours, its = pty.openpty()
    try:
        with subprocess.Popen(
            [*PROGRAM, *args],
            env=environment(home, TERM="xterm-256color", COLUMNS="80", LINES="24"),
            stdin=its,
            stdout=its,
            stderr=its,
        ) as process:
            os.close(its)
            said = b"".join(read_all(ours)).decode()
            return process.wait(DEADLINE_S), said.replace("\r\n", "\n")
    finally:
        os.close(ours)
