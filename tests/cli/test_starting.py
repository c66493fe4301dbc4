"""How a queen whom a program of ours has started tells it what became of that."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from queenlib.errors import revive
from tests.cli.program import PROGRAM, environment
from tests.client.outliving import alive, until

DETACHED = """
import os, sys
from queenlib.cli.starting import detach, told_all
detach()
print(os.getpid(), os.getsid(0), flush=True)
told_all()
print("for the log", flush=True)
sys.stderr.flush()
"""


def test_who_detaches_is_nobodys_child(tmp_path: Path) -> None:
    """The one that was started ends at once with 0; who goes on leads a session, and what it says later goes to the log."""
    log = tmp_path / "log"
    with (
        log.open("wb") as said,
        subprocess.Popen([sys.executable, "-W", "error", "-c", DETACHED], stdout=subprocess.PIPE, stderr=said) as program,
    ):
        assert program.stdout is not None
        pid, session = program.stdout.read().split()
        assert program.wait(20) == 0
    assert pid == session != str(program.pid).encode()
    until(lambda: log.read_text() == "for the log\n")


def test_why_she_did_not_start_is_told(tmp_path: Path) -> None:
    """One line of JSON, which is the error; the log has it in words."""
    (tmp_path / "jobs.db").write_bytes(b"somebody's own file" * 100)
    command = [*PROGRAM, "serve", "--json", "--lifeline"]
    done = subprocess.run(
        command, env=environment(tmp_path), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert revive(json.loads(done.stdout)["problem"]).kind == "StoreUnusable"
    assert done.stderr.startswith("StoreUnusable: ")


def test_one_who_is_ready_tells_where(tmp_path: Path) -> None:
    """One line with url, token_file and pid, of the process that goes on; then the output is let go of."""
    command = [*PROGRAM, "serve", "--json", "--detached"]
    done = subprocess.run(
        command, env=environment(tmp_path), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=60, check=True
    )
    ready = json.loads(done.stdout)
    try:
        assert (tmp_path / "queen.json").exists()
        assert os.getsid(ready["pid"]) == ready["pid"]
    finally:
        os.kill(ready["pid"], signal.SIGTERM)
        until(lambda: not alive(ready["pid"]))
