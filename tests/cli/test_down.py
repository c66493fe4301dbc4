"""`queenlib down`: the queen in the background ends, and nobody else does."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from queenlib import Queen, errors
from tests.cli.program import DEADLINE_S, PROGRAM, environment, read_until, run, started
from tests.client.others import other
from tests.client.outliving import alive, ended, pid_of, until


def test_her_jobs_end_first(tmp_path: Path) -> None:
    """It says what it waits for; an interrupt leaves her to it, and the one who asks again waits for the same end."""
    with ended(tmp_path), Queen.background(tmp_path) as queen:
        pid = pid_of(tmp_path)
        job = queen.infer("x", model="sim:words?tokens=320&tokens_per_s=40", max_tokens=320)
        next(event for event in job if event.type == "token")
        with started(tmp_path, "down") as first:
            read_until(first.stderr, "lets her jobs end: 1 unfinished job (1 running)")
            first.send_signal(signal.SIGINT)
            assert first.wait(30) == 130
        done = run(tmp_path, "down")
        assert (done.returncode, alive(pid)) == (0, False)
        assert f"(process {pid}) has ended.\n" in done.stdout
        assert job.wait(60).usage.completion_tokens == 320


def test_what_was_cut_off_is_said(tmp_path: Path) -> None:
    """A job that takes longer than it may, of those that she has; and how long it may is in the first line of the help."""
    assert "for 30 s at most" in run(tmp_path, "down", "--help").stdout.partition("\n\n")[2].splitlines()[0]
    with ended(tmp_path), Queen.background(tmp_path) as queen:
        assert queen.infer("x", model="sim:echo").wait(60).text == "x"
        job = queen.infer("x", model="sim:words?tokens=100000&tokens_per_s=40", max_tokens=2000)
        next(event for event in job if event.type == "token")
        done = run(tmp_path, "down", "--grace", "0.5")
        assert done.returncode == 0
        assert "· 1 job did not end within 0.5 s and has failed (queen_closed)\n" in done.stderr
        with pytest.raises(errors.QueenClosed):
            job.wait(60)


@pytest.mark.full
def test_now_is_now(tmp_path: Path) -> None:
    """`--now` does not wait for jobs: who waits for one is told that its queen was closed."""
    with ended(tmp_path):
        assert run(tmp_path, "up").returncode == 0
        with Queen.background(tmp_path) as queen:
            job = queen.infer("x", model="sim:words?tokens=100000&tokens_per_s=40")
            next(event for event in job if event.type == "token")
            assert run(tmp_path, "down", "--now").returncode == 0
            with pytest.raises(errors.QueenClosed):
                job.wait(60)


def test_now_is_heard_though_who_started_her_ignores_an_interrupt(tmp_path: Path) -> None:
    """As a script does for all that it starts with `&`: she is on her own, and ends."""
    command = ["sh", "-c", "trap '' INT; exec \"$@\"", "sh", *PROGRAM, "up"]
    with ended(tmp_path):
        done = subprocess.run(command, env=environment(tmp_path), capture_output=True, timeout=DEADLINE_S, check=True)
        pid = pid_of(tmp_path)
        assert b"in the background" in done.stdout
        done_now = run(tmp_path, "down", "--now")
        assert (done_now.returncode, done_now.stderr, alive(pid)) == (0, "", False)


def test_where_nobody_is_nothing_is_to_be_done(tmp_path: Path) -> None:
    """That is well, and nothing is made for it."""
    done = run(tmp_path / "home", "down")
    assert (done.returncode, done.stderr) == (0, "")
    assert "No queen is at " in done.stdout
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("how", [["--now"], pytest.param([], marks=pytest.mark.full)])
def test_a_program_is_left_alone(tmp_path: Path, how: list[str]) -> None:
    """She who is part of it is not told to end, however it is asked for; whose process it is, is said."""
    with other(tmp_path) as program:
        until(lambda: (tmp_path / "queen.json").exists())
        done = run(tmp_path, "down", *how)
        assert (done.returncode, done.stdout) == (1, "")
        assert f"process {program.process.pid}." in done.stderr
        assert "others.py" in done.stderr
        assert program.ask("who") == "<Queen in this process>"
