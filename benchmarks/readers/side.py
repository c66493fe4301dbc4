"""The two sides of a benchmark of readers: a server in a process of its own, measured from outside."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

import psutil


class Side:
    """A server, and where its stream is."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        said = _out(process).readline().split()
        self.port, self.path = said[0], said[1] if len(said) > 1 else "/"
        self._process, self._seen = process, psutil.Process(process.pid)

    def order(self, count: int, gap_s: float) -> None:
        """Have it say so many words, so many seconds apart."""
        _in(self._process).write(f"{count} {gap_s}\n")
        _in(self._process).flush()

    def cpu_s(self) -> float:
        """CPU seconds that it has taken, all its threads together.

        By the clock that `clock_getcpuclockid(3)` names: `/proc` counts in steps of 10 ms, and misses what is short.
        """
        return time.clock_gettime((~self._seen.pid << 3) | 2)

    def uss(self) -> int:
        """Bytes that it has for itself alone."""
        return int(self._seen.memory_full_info().uss)

    def fds(self) -> int:
        """Files that it has open."""
        return self._seen.num_fds()


@contextmanager
def process(module: str, *args: str) -> Iterator[subprocess.Popen[str]]:
    """A program of this package, which is killed in the end."""
    command = [sys.executable, "-m", f"benchmarks.readers.{module}", *args]
    made = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    try:
        yield made
    finally:
        made.kill()
        made.wait()
        _in(made).close()
        _out(made).close()


def delivery_s(module: str, *args: str, readers: int, events: int, gap_s: float) -> float:
    """CPU seconds that a server takes for one event to one reader."""
    with ExitStack() as stack:
        side = Side(stack.enter_context(process(module, *args)))
        load = stack.enter_context(process("load", side.port, side.path, str(readers)))
        assert _out(load).readline() == "ready\n"
        before = side.cpu_s()
        side.order(events, gap_s)
        came = int(_out(load).readline())
        spent = side.cpu_s() - before
    # On a busy machine words that come while a commit runs share an event: fewer deliveries, and the same ones for each.
    assert came % readers == 0, f"{came} events came to {readers} readers"
    assert 0.8 * readers * events <= came <= readers * events, f"{came} events came, of {readers * events}"
    return spent / came


def idle_bytes(module: str, *args: str, readers: int) -> float:
    """Bytes of memory that a server has for one stream that is open and idle."""
    with ExitStack() as stack:
        side = Side(stack.enter_context(process(module, *args)))
        with process("load", side.port, side.path, "10") as load:  # what is loaded once is there
            assert _out(load).readline() == "ready\n"
        before = side.uss()
        load = stack.enter_context(process("load", side.port, side.path, str(readers)))
        assert _out(load).readline() == "ready\n"
        time.sleep(1)
        return (side.uss() - before) / readers


def _in(process: subprocess.Popen[str]) -> IO[str]:
    assert process.stdin is not None
    return process.stdin


def _out(process: subprocess.Popen[str]) -> IO[str]:
    assert process.stdout is not None
    return process.stdout
