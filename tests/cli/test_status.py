"""`queenlib status`: who is there and what she does, for people and for programs."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from queenlib import Queen
from queenlib.version import PROTOCOL
from tests.cli.program import run
from tests.client.outliving import ended, of_another_version, pid_of, until


def test_nobody_is_3(tmp_path: Path) -> None:
    """It says how to start her, starts nobody and makes nothing."""
    home = tmp_path / "home"
    done = run(home, "status")
    assert (done.returncode, done.stdout) == (3, f"No queen is at {home}. To start her: queenlib up --home {home}\n")
    as_json = run(home, "status", "--json")
    assert (as_json.returncode, json.loads(as_json.stdout)) == (3, {"there": False, "home": str(home)})
    assert not home.exists()


def test_she_is_shown_with_what_she_does(tmp_path: Path) -> None:
    """Where, which version and process, jobs, hives and workers; while she ends as well."""
    with ended(tmp_path), Queen.background(tmp_path, idle_exit_s=1800) as queen:
        job = queen.infer("x", model="sim:words?tokens=100000&tokens_per_s=50", max_tokens=2000)
        next(event for event in job if event.type == "token")
        done = run(tmp_path, "status")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith(f"The queen is in the background, at {queen.url} (process {pid_of(tmp_path)}, ")
        assert "  jobs:        1 unfinished job (1 running)\n" in done.stdout
        assert "sim:words?tokens=100000&tokens_per_s=50  1 of 2" in done.stdout
        facts = json.loads(run(tmp_path, "status", "--json").stdout)
        assert (facts["there"], facts["url"], facts["pid"]) == (True, queen.url, pid_of(tmp_path))
        assert (facts["unfinished"], facts["draining"], facts["idle_exit_s"]) == ({"running": 1}, False, 1800)
        assert [len(hive["workers"]) for hive in facts["hives"]] == [1]
        os.kill(facts["pid"], 15)
        until(lambda: queen.sync.info().draining)
        assert "she ends, and takes no further one" in run(tmp_path, "status").stdout
        queen.sync.jobs.cancel(job.id)


def test_one_of_another_version_is_shown_as_far_as_can_be(tmp_path: Path) -> None:
    """She is there: that is 0; what cannot be known is not guessed."""
    with of_another_version(tmp_path, protocol=PROTOCOL - 1, unfinished={"running": 3}):
        done = run(tmp_path, "status")
        assert (done.returncode, done.stderr) == (0, "")
        assert "queenlib 0.0.9" in done.stdout
        assert "3 unfinished jobs" in done.stdout
        assert "next:        queenlib restart --when-idle" in done.stdout
        facts = json.loads(run(tmp_path, "status", "--json").stdout)
        assert (facts["speaks_with_us"], facts["version"], facts["hives"]) == (False, "0.0.9", None)


@pytest.mark.full
def test_one_in_a_program_is_shown_as_that(tmp_path: Path) -> None:
    """She ends with her program, and that is said."""
    with Queen(tmp_path):
        until(lambda: (tmp_path / "queen.json").exists())
        done = run(tmp_path, "status")
        assert done.returncode == 0
        assert "she ends:    with the program that she is part of" in done.stdout
        assert json.loads(run(tmp_path, "status", "--json").stdout)["in_background"] is False
