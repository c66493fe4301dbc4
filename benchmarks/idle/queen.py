"""A queen as a process, `queenlib serve`; and what an idle one weighs, of whom one thing was asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.idle.program import SETTLE_S, program
from benchmarks.idle.program import idle_bytes as bytes_of


@contextmanager
def serving(folder: Path, **around: str) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, Any]]]:
    """A queen at home in `folder / "home"` with these further variables, and what she said when she was ready."""
    command = [sys.executable, "-m", "queenlib", "serve", "--json"]
    log = folder / "queen.log"
    with program(command, {**os.environ, "QUEENLIB_HOME": str(folder / "home"), **around}, log) as process:
        while b"\n" not in log.read_bytes():
            assert process.poll() is None, log.read_text()
            time.sleep(0.1)
        yield process, json.loads(log.read_text().splitlines()[0])


def idle_bytes(folder: Path, settle_s: float = SETTLE_S) -> int:
    """Bytes of memory that she has for herself alone."""
    with serving(folder) as (process, ready):
        token = Path(ready["token_file"]).read_text().strip()
        asked = urllib.request.Request(f"{ready['url']}/v1/jobs", headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(asked, timeout=30) as answer:
            assert "jobs" in json.load(answer)
        return bytes_of(process, settle_s)
