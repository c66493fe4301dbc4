"""Asking from the command line: a queen far away is asked like one near, and left as she was found."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from queenlib import Queen, State
from tests.cli.program import read_until, run, started


@pytest.fixture
def far(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A queen in a process of her own: the settings that lead to her."""
    with started(tmp_path / "far", "serve", "--json") as process:
        assert process.stdout
        ready = json.loads(process.stdout.readline())
        yield {"QUEENLIB_URL": ready["url"], "QUEENLIB_TOKEN_FILE": ready["token_file"]}
        process.terminate()
        assert process.wait(20) == 0


def test_a_queen_far_away_answers(tmp_path: Path, far: dict[str, str]) -> None:
    """With `QUEENLIB_URL` set the answer comes from there, and nothing is made here."""
    done = run(tmp_path / "here", "infer", "x", "--model", "sim:echo?text=hello", **far)
    assert (done.returncode, done.stdout) == (0, "hello\n"), done.stderr
    assert not (tmp_path / "here").exists()


def test_an_interrupt_cancels_it_far_away(tmp_path: Path, far: dict[str, str]) -> None:
    """Whoever interrupts does not leave a queen far away to go on with the answer."""
    model = "sim:words?tokens=2000&tokens_per_s=10"
    with started(tmp_path / "here", "infer", "x", "--model", model, **far) as process:
        read_until(process.stderr, "ready")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        assert process.returncode == 130
    with Queen.connect(far["QUEENLIB_URL"], token_file=far["QUEENLIB_TOKEN_FILE"]) as queen:
        (job,) = queen.sync.jobs.list().jobs
        assert job.state is State.CANCELLED


def test_timings_begin_at_the_command(tmp_path: Path) -> None:
    """`--timings` shows where the time went on standard error, from the command to the first token at the end."""
    before = time.monotonic()
    done = run(tmp_path, "infer", "x", "--model", "sim:echo?text=hello&load_s=0.3", "--timings")
    took_ms = 1000 * (time.monotonic() - before)
    assert (done.returncode, done.stdout) == (0, "hello\n")
    rows = dict(line.strip().partition("  ")[::2] for line in done.stderr.splitlines() if "  " in line)
    first_ms = float(rows["command to first token"].replace(",", ""))
    load_ms = float(rows["hive, model and worker ready"].split()[0].replace(",", ""))
    assert 300 <= load_ms <= first_ms <= took_ms
