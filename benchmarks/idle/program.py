"""A program that serves, as a process of its own: started, left alone, measured, and ended."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

SETTLE_S = 5.0
"""How long it has nothing to do before it is measured, in seconds."""


@contextmanager
def program(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run it; what it says goes to `log`, and it is killed in the end with whatever it started."""
    with log.open("wb") as said:
        made = subprocess.Popen(
            command, env=dict(environment), stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT, cwd=log.parent
        )
        try:
            yield made
        finally:
            for each in _all(made):
                each.kill()
            made.wait()


def idle_bytes(process: subprocess.Popen[bytes], settle_s: float = SETTLE_S) -> int:
    """Bytes that it and its children have for themselves alone, after a while."""
    time.sleep(settle_s)
    return sum(int(each.memory_full_info().uss) for each in _all(process))


def _all(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    if process.poll() is not None:
        return []
    seen = psutil.Process(process.pid)
    return [*seen.children(recursive=True), seen]
