"""How commands end: exit codes, and what is said. Nothing of theirs runs afterwards."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.cli.program import family, left, read_until, run, started

LOADS = "sim:words?load_s=60"
ANSWERS = "sim:words?tokens=2000&tokens_per_s=10"


def test_an_error_has_four_parts_and_is_1(tmp_path: Path) -> None:
    """An error of queenlib is told on standard error in its four parts, without a traceback."""
    done = run(tmp_path, "infer", "x", "--model", "nosuch")
    assert (done.returncode, done.stdout) == (1, "")
    assert [line.partition(":")[0] for line in done.stderr.splitlines()] == ["UnknownModel", "  why", "  state", "  next"]


@pytest.mark.parametrize(
    "command", [("demo",), ("infer", "x"), ("serve",), ("doctor",), ("lab",)], ids=lambda command: command[0]
)
def test_a_home_that_cannot_be_made_is_told(tmp_path: Path, command: tuple[str, ...]) -> None:
    """Every command says in four parts that its home cannot be made."""
    (tmp_path / "file").touch()
    done = run(tmp_path / "file", *command)
    assert (done.returncode, done.stdout) == (1, "")
    assert "cannot be made" in done.stderr
    assert "  next: " in done.stderr
    assert "Traceback" not in done.stderr


def test_every_bad_parameter_is_named_and_it_is_2(tmp_path: Path) -> None:
    """Parameters that do not fit are named all at once, as they are written on the command line."""
    done = run(tmp_path, "infer", "x", "--max-tokens", "0", "--temperature", "9")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--max-tokens: " in done.stderr
    assert "--temperature: " in done.stderr


def test_an_answer_that_breaks_off_keeps_what_came(tmp_path: Path) -> None:
    """A worker that dies at token 5: what it said is there, the error tells of its end, and the exit code is 1."""
    done = run(tmp_path, "infer", "x", "--model", "sim:words?crash_at_token=5")
    assert done.returncode == 1
    assert done.stdout.strip()
    assert done.stderr.partition("WorkerDied: ")[2]
    assert "  | " in done.stderr  # its last words


@pytest.mark.parametrize(
    ("model", "sign"), [(LOADS, "loads"), (ANSWERS, "ready")], ids=["while it loads", "while it answers"]
)
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"])
def test_a_signal_ends_it_all(tmp_path: Path, model: str, sign: str, number: signal.Signals, code: int) -> None:
    """An interrupt ends with 130 and SIGTERM with 143, soon, without a traceback, and no process is left."""
    with started(tmp_path, "infer", "x", "--model", model) as process:
        read_until(process.stderr, sign)
        if model == ANSWERS:
            assert process.stdout
            assert process.stdout.read(1)
        children = family(process)
        assert children
        process.send_signal(number)
        _, said = process.communicate(timeout=20)
    assert process.returncode == code
    assert "Traceback" not in said
    assert ("· interrupted" in said) == (number is signal.SIGINT)
    assert left(children) == []


@pytest.mark.parametrize("closed", ["stdout", "stderr"])
def test_a_closed_pipe_ends_it_quietly(tmp_path: Path, closed: str) -> None:
    """Where nobody reads any more (`| head -1`), it ends at once with 141 and says nothing about it."""
    with started(tmp_path, "infer", "x", "--model", ANSWERS) as process:
        pipe, other = (process.stdout, process.stderr) if closed == "stdout" else (process.stderr, process.stdout)
        assert pipe
        assert other
        pipe.read(1)
        pipe.close()
        said = other.read()
        assert process.wait(20) == 141
    assert "Traceback" not in said
    assert "BrokenPipe" not in said
