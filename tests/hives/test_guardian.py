"""The guardian, as a program: told on its input, heard on its output."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queenlib.hives.guardian import LAST_LINES, LOG_BYTES, Log, neutral
from queenlib.hives.pids import Pid

READY = (
    "import sys, os, json; print(json.dumps({'pid': os.getpid(), 'got': json.loads(sys.stdin.readline())}), flush=True); "
)
WAITS = READY + "sys.stdin.read()"
STUBBORN = READY + "import time; time.sleep(600)"


class Told:
    """A guardian that is told what to do."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "queenlib.hives.guardian", str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )

    def tell(self, command: str, key: str, **more: Any) -> None:
        """Write a command."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps({"command": command, "id": key, **more}).encode() + b"\n")
        self.process.stdin.flush()

    def hear(self) -> dict[str, Any]:
        """The next event."""
        assert self.process.stdout
        event: dict[str, Any] = json.loads(self.process.stdout.readline())
        return event

    def spawn(self, code: str, *, key: str = "a", line: str = "{}") -> None:
        """Have a program of Python started."""
        log = str(self.folder / f"{key}.log")
        self.tell("spawn", key, argv=[sys.executable, "-c", code], env={"ONLY": "this"}, line=line, log=log)


@pytest.fixture
def guardian(tmp_path: Path) -> Iterator[Told]:
    """A guardian; it has ended by itself after the test."""
    told = Told(tmp_path)
    assert told.process.stdin
    assert told.process.stdout
    yield told
    told.process.stdin.close()
    assert told.process.wait(timeout=20) in (0, -signal.SIGKILL)
    told.process.stdout.close()


def test_life_of_a_worker(guardian: Told) -> None:
    """A worker is spawned, given its line, heard, stopped by the end of its input, and its end is told once."""
    guardian.spawn(WAITS + "; print('bye', file=sys.stderr); sys.exit(3)", line='{"a": "\\u00e9"}')
    spawned, line = guardian.hear(), guardian.hear()
    assert spawned == {"event": "spawned", "id": "a", "pid": line["data"]["pid"]}
    assert line["data"]["got"] == {"a": "é"}
    guardian.tell("stop", "a", grace_s=20)
    assert guardian.hear() == {"event": "exit", "id": "a", "code": 3, "signal": None, "last_lines": ["bye"]}
    guardian.tell("kill", "a")
    guardian.tell("stop", "a", grace_s=0)
    guardian.spawn("pass", key="b")
    assert [guardian.hear()["event"] for _ in range(2)] == ["spawned", "exit"]


def test_environment_and_session(guardian: Told) -> None:
    """A worker has the environment that was given, and no other; a session and a group of its own."""
    guardian.spawn("import os, json; print(json.dumps([dict(os.environ)]) if 0 else json.dumps("
                   "{'env': dict(os.environ), 'own': os.getsid(0) == os.getpgid(0) == os.getpid()}))")  # fmt: skip
    guardian.hear()
    data = guardian.hear()["data"]
    assert {name: value for name, value in data["env"].items() if name != "LC_CTYPE"} == {"ONLY": "this"}
    assert data["own"] is True


@pytest.mark.parametrize("order", [("kill", {}), ("stop", {"grace_s": 0.1})])
def test_who_does_not_obey_is_killed(guardian: Told, order: tuple[str, dict[str, float]]) -> None:
    """A worker that does not end by itself is killed, even while it is stopped."""
    guardian.spawn(STUBBORN)
    pid = guardian.hear()["pid"]
    guardian.hear()
    os.kill(pid, signal.SIGSTOP)
    guardian.tell(order[0], "a", **order[1])
    end = guardian.hear()
    assert (end["code"], end["signal"]) == (None, "SIGKILL")


def test_children_of_workers_go_along(guardian: Told) -> None:
    """What a worker has started ends with it, however it ended."""
    code = "import subprocess, sys, json; c = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); "
    guardian.spawn(code + "print(json.dumps({'pid': c.pid}))")
    guardian.hear()
    child = Pid.of(guardian.hear()["data"]["pid"])
    assert guardian.hear()["event"] == "exit"
    while child.alive():
        pass


def test_refusals(guardian: Told) -> None:
    """A program that is not there is refused with the reason, and so is a log that cannot be written."""
    guardian.tell("spawn", "a", argv=["/nowhere/x"], env={}, line="{}", log=str(guardian.folder / "a.log"))
    assert "/nowhere/x" in guardian.hear()["reason"]
    guardian.tell("spawn", "b", argv=[sys.executable], env={}, line="{}", log=str(guardian.folder / "no" / "b.log"))
    assert guardian.hear()["event"] == "refused"


def test_who_does_not_read_is_killed(guardian: Told) -> None:
    """A worker whose input is full holds up nobody: it is killed."""
    guardian.spawn("import time; time.sleep(600)", line=json.dumps("x" * 5_000_000))
    assert [guardian.hear()["event"] for _ in range(2)] == ["spawned", "exit"]


def test_what_is_no_message_is_logged(guardian: Told) -> None:
    """Lines that are no JSON objects go to the log with the errors, made harmless; the log is its owner's alone."""
    guardian.spawn("import sys; print('\\x1b[31mred'); print(3); print('x' * 200_000); sys.stdout.write('{\"a\": 1}')")
    guardian.hear()
    line, end = guardian.hear(), guardian.hear()
    assert line["data"] == {"a": 1}
    assert end["last_lines"][:2] == ["\\x1b[31mred", "3"]
    log = guardian.folder / "a.log"
    assert b"\x1b" not in log.read_bytes()
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


@pytest.mark.parametrize("how", ["input", "kill", "term", "kill while stopped"])
def test_nothing_outlives_it(tmp_path: Path, how: str) -> None:
    """When its input ends or it is killed, all of its workers are gone, stopped ones included."""
    told = Told(tmp_path)
    assert told.process.stdin
    assert told.process.stdout
    for key in ("a", "b"):
        told.spawn(STUBBORN, key=key)
    pids = [Pid.of(event["pid"]) for event in (told.hear() for _ in range(4)) if event["event"] == "spawned"]
    os.kill(pids[0].number, signal.SIGSTOP)
    if how == "input":
        told.process.stdin.close()
    elif how == "term":
        told.process.terminate()
    else:
        if "stopped" in how:
            told.process.send_signal(signal.SIGSTOP)
        told.process.kill()
    told.process.wait(timeout=20)
    while any(pid.alive() for pid in pids):
        pass
    told.process.stdout.close()
    told.process.stdin.close()


def test_a_bad_command_ends_everything(tmp_path: Path) -> None:
    """A guardian that is told nonsense takes its workers down with it."""
    told = Told(tmp_path)
    told.spawn(STUBBORN)
    pid = Pid.of(told.hear()["pid"])
    assert told.process.stdin
    assert told.process.stdout
    told.process.stdin.write(b"nonsense\n")
    told.process.stdin.flush()
    assert told.process.wait(timeout=20) == 0
    assert not pid.alive()
    told.process.stdin.close()
    told.process.stdout.close()


@given(st.binary(max_size=100))
def test_lines_are_harmless(line: bytes) -> None:
    """Whatever a worker writes, nothing in its log moves a cursor or ends a line."""
    assert all(c.isprintable() or c == "\t" for c in neutral(line))


def test_log_is_bounded(tmp_path: Path) -> None:
    """A log that grows too long is put aside once; the last lines are kept apart."""
    log = Log(tmp_path / "w.log")
    for number in range(3 * LOG_BYTES // 1000):
        log.add(b"%d " % number + b"x" * 1000)
    log.close()
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["w.log", "w.log.1"]
    assert all(file.stat().st_size <= LOG_BYTES for file in files)
    assert len(log.last) == LAST_LINES
    assert log.last[-1].startswith(f"{3 * LOG_BYTES // 1000 - 1} ")
    again = Log(tmp_path / "w.log")
    again.close()


def test_it_stands_alone() -> None:
    """It brings the standard library only: nothing that the queen imports can break it."""
    code = "import sys, queenlib.hives.guardian; print('pydantic' in sys.modules, 'psutil' in sys.modules)"
    assert subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, check=True).stdout == b"False False\n"
