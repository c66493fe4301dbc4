"""The queen in the background, started, ended and changed."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from queenlib import Queen
from queenlib.client import lifecycle
from queenlib.client.incumbent import Incumbent
from queenlib.client.launch import Launch
from queenlib.client.reign import Address
from queenlib.errors import InUse, QueenError
from queenlib.home import Home
from queenlib.messages.state import State
from queenlib.world import World
from tests.cli.program import PROGRAM, environment
from tests.client.others import other
from tests.client.outliving import alive, ended, until

LONG = "sim:words?tokens=100000&tokens_per_s=50"
Told = list[Mapping[str, int] | None]


async def up(home: Path, idle_exit_s: float | None = None) -> Incumbent:
    """One in the background."""
    return await lifecycle.start(Home.open(home), World(), Launch(idle_exit_s=idle_exit_s))


@contextmanager
def deaf(home: Path) -> Iterator[int]:
    """A queen who serves and ignores an interrupt; gives her process, which is killed in the end."""
    command = ["sh", "-c", "trap '' INT; exec \"$@\"", "sh", *PROGRAM, "serve", "--json"]
    with subprocess.Popen(command, env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline()
            yield process.pid
        finally:
            process.kill()


def test_where_nothing_can_be_seen_nothing_was_cut_off(tmp_path: Path) -> None:
    """No store is there, or something else is in its place; nothing is made for looking."""
    home = Home(tmp_path)
    assert lifecycle.cut_off(home, World().now()) == 0
    assert list(tmp_path.iterdir()) == []
    home.store.write_bytes(b"somebody's own file" * 100)
    assert lifecycle.cut_off(home, World().now()) == 0
    assert list(tmp_path.iterdir()) == [home.store]


async def test_she_is_started_once(tmp_path: Path) -> None:
    """Started twice, she is one; ended, her process is gone."""
    with ended(tmp_path):
        queen = await up(tmp_path)
        assert (await up(tmp_path)).pid == queen.pid
        await lifecycle.end(queen, World(), Told().append)
        assert queen.gone
        assert await Incumbent.look(Home(tmp_path), World()) is None


async def test_jobs_end_before_she_does(tmp_path: Path) -> None:
    """It is told what is waited for; who ends already is not told again, so that nobody cuts it short by asking twice."""
    told = Told()
    with ended(tmp_path), Queen.background(tmp_path) as handle:
        job = handle.infer("x", model="sim:words?tokens=60&tokens_per_s=30", max_tokens=60)
        next(event for event in job if event.type == "token")
        queen = await Incumbent.look(Home(tmp_path), World())
        assert queen is not None
        queen.tell(signal.SIGTERM)
        until(lambda: handle.sync.info().draining)
        seen = await Incumbent.look(Home(tmp_path), World())
        assert seen is not None
        await lifecycle.end(seen, World(), told.append)
        assert {"running": 1} in told
        assert job.wait(60).usage.completion_tokens == 60
        assert handle.sync.info().pid != queen.pid.number  # the next one, started by who asks


@pytest.mark.parametrize("how", [{"now": True}, {"grace_s": 0.5}])
async def test_jobs_are_not_waited_for_any_longer(tmp_path: Path, how: dict[str, float]) -> None:
    """At once, or after so many seconds: what has not ended has failed with `queen_closed`."""
    with ended(tmp_path):
        queen = await up(tmp_path)
        with Queen.background(tmp_path) as handle:
            job = handle.infer("x", model=LONG)
            next(event for event in job if event.type == "token")
        begun = World().now()
        await lifecycle.end(queen, World(), Told().append, **how)  # type: ignore[arg-type]
        assert queen.gone
        assert lifecycle.cut_off(Home(tmp_path), begun) == 1
        assert lifecycle.cut_off(Home(tmp_path), World().now()) == 0
        with Queen(tmp_path) as after:
            record = after.sync.jobs.get(job.id)
            assert (record.state, record.reason) == (State.FAILED, "queen_closed")


@pytest.mark.parametrize("how", [{"now": True}, pytest.param({"grace_s": 0.5}, marks=pytest.mark.full)])
async def test_who_does_not_hear_an_interrupt_is_not_waited_for_without_end(tmp_path: Path, how: dict[str, float]) -> None:
    """As one started with `nohup`, whose process and job go on: it is said how else she ends."""
    with deaf(tmp_path) as pid, Queen(tmp_path) as handle:
        queen = await Incumbent.look(Home(tmp_path), World())
        assert queen is not None
        job = handle.infer("x", model=LONG, max_tokens=2000)
        next(event for event in job if event.type == "token")
        with pytest.raises(QueenError, match="goes on") as caught:
            await lifecycle.end(queen, World(), Told().append, **how)  # type: ignore[arg-type]
        assert f"queenlib down --home {tmp_path}; " in str(caught.value.next)
        assert f"kill -9 {pid}" in str(caught.value.next)
        assert handle.sync.jobs.get(job.id).state is State.RUNNING


async def test_the_next_one_has_her_place(tmp_path: Path) -> None:
    """On the same port, for the same time; handles are hers, none takes the home; a taken port is another."""
    with ended(tmp_path):
        first = await up(tmp_path, idle_exit_s=900)
        with Queen.background(tmp_path) as handle, Queen(tmp_path) as plain:
            how = Launch(port=first.port, idle_exit_s=900)
            second = await lifecycle.change(first, World(), Told().append, how)
            assert (second.port, second.address.idle_exit_s) == (first.port, 900)
            assert second.pid != first.pid
            assert handle.sync.info().pid == plain.sync.info().pid == second.pid.number
            with other(tmp_path / "another") as another:
                another.ask("who")
                until(lambda: Address.read(Home(tmp_path / "another")))
                elsewhere = await Incumbent.look(Home(tmp_path / "another"), World())
                assert elsewhere is not None
                third = await lifecycle.change(second, World(), Told().append, Launch(port=elsewhere.port))
            assert third.port not in (0, elsewhere.port)
            assert handle.sync.info().pid == plain.sync.info().pid == third.pid.number


async def test_who_is_part_of_a_program_is_not_changed(tmp_path: Path) -> None:
    """Neither ended nor replaced, and whoever else wants to start one may."""
    with other(tmp_path) as program:
        until(lambda: Address.read(Home(tmp_path)))
        queen = await Incumbent.look(Home(tmp_path), World())
        assert queen is not None
        with pytest.raises(InUse):
            await lifecycle.end(queen, World(), Told().append, now=True)
        with pytest.raises(InUse):
            await lifecycle.change(queen, World(), Told().append, Launch())
        assert alive(program.process.pid)


@pytest.mark.full
async def test_idle_is_when_no_job_is_unfinished(tmp_path: Path) -> None:
    """It is told what is waited for; one who is gone has nothing to do either."""
    told = Told()
    with ended(tmp_path):
        queen = await up(tmp_path)
        await lifecycle.idle(queen, World(), told.append)
        assert told == []
        with Queen.background(tmp_path) as handle:
            job = handle.infer("x", model="sim:words?tokens=40&tokens_per_s=20", max_tokens=40)
            next(event for event in job if event.type == "token")
            await lifecycle.idle(queen, World(), told.append)
            assert told == [{"running": 1}]
            assert handle.sync.jobs.get(job.id).state is State.SUCCEEDED
        os.kill(queen.pid.number, signal.SIGKILL)
        assert await queen.ended(World(), 60)
        await lifecycle.idle(queen, World(), told.append)
