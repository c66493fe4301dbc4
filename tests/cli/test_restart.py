"""`queenlib restart`: another queen at the same place."""

from __future__ import annotations

from pathlib import Path

import pytest

from queenlib import Queen
from queenlib.client.reign import Address
from queenlib.home import Home
from queenlib.messages.state import State
from tests.cli.program import read_until, run, started
from tests.client.others import other
from tests.client.outliving import alive, ended, pid_of, until


def test_the_next_one_is_at_the_same_place(tmp_path: Path) -> None:
    """On her home and her port; where nobody was, somebody is afterwards."""
    with ended(tmp_path):
        first = run(tmp_path, "restart")
        assert first.returncode == 0
        assert "no queen was there" in first.stderr
        before = Address.read(Home(tmp_path))
        assert run(tmp_path, "restart").returncode == 0
        after = Address.read(Home(tmp_path))
        assert before is not None
        assert after is not None
        assert (after.url, after.idle_exit_s) == (before.url, before.idle_exit_s)
        assert after.pid != before.pid
        assert not alive(before.pid)


def test_when_idle_waits_for_every_job(tmp_path: Path) -> None:
    """She takes jobs until none is unfinished; then she is another, and whoever has a handle goes on with that one."""
    with ended(tmp_path), Queen.background(tmp_path) as queen:
        pid = pid_of(tmp_path)
        first = queen.infer("x", model="sim:words?tokens=100000&tokens_per_s=50")
        next(event for event in first if event.type == "token")
        with started(tmp_path, "restart", "--when-idle") as restart:
            read_until(restart.stderr, "waits until she is idle: 1 unfinished job (1 running)")
            second = queen.infer("y", model="sim:echo?text=hello")
            assert second.wait(60).text == "hello"
            assert pid_of(tmp_path) == pid
            queen.sync.jobs.cancel(first.id)
            said = restart.communicate(timeout=60)[0]
        assert restart.returncode == 0
        assert said.startswith("The queen is in the background, at ")
        assert queen.sync.info().pid == pid_of(tmp_path) != pid
        assert queen.sync.jobs.get(second.id).state is State.SUCCEEDED


@pytest.mark.full
def test_what_a_restart_cut_off_is_said(tmp_path: Path) -> None:
    """Of the jobs of the one before, though the next one is there already."""
    with ended(tmp_path), Queen.background(tmp_path) as queen:
        job = queen.infer("x", model="sim:words?tokens=100000&tokens_per_s=40", max_tokens=2000)
        next(event for event in job if event.type == "token")
        done = run(tmp_path, "restart", "--grace", "0.5")
        assert done.returncode == 0
        assert "· 1 job did not end within 0.5 s and has failed (queen_closed)\n" in done.stderr


@pytest.mark.full
def test_a_program_goes_on(tmp_path: Path) -> None:
    """She who is part of it is neither ended nor waited for."""
    with other(tmp_path) as program:
        until(lambda: (tmp_path / "queen.json").exists())
        done = run(tmp_path, "restart", "--when-idle")
        assert (done.returncode, done.stdout) == (1, "")
        assert f"process {program.process.pid}." in done.stderr
        assert program.ask("who") == "<Queen in this process>"
