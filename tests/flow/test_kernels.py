"""Notebook kernels that are interrupted, killed, restarted and kept busy: what becomes of their jobs, and what is left."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from queenlib import Queen
from queenlib.home import Home
from queenlib.messages.state import State
from queenlib.version import PROTOCOL
from tests.client.outliving import alive, ended, of_another_version, pid_of, until
from tests.flow.kernels import SEEN, kernel

MODEL = "sim:words?tokens=2000&tokens_per_s=300"
MAKE = f"""
from queenlib import Queen, default_queen, jobs
queen = default_queen()
job = queen.infer("x", model="{MODEL}", max_tokens=2000)
print(job.id)
"""
READ = """
from queenlib import jobs
job = jobs.attach("{id}")
seqs = [event.seq for event in job]
print(seqs == list(range(1, len(seqs) + 1)), job.record.state)
"""
GONE_S = 2.0
"""Seconds after which nothing may be left of a queen whose kernel died."""
SLACK = 4
"""A busy machine may take so many times as long as a promise says."""


def starts(home: Path) -> int:
    """How many generations a worker of this home has begun."""
    return sum(json.loads(line)["what"] == "start" for line in Home(home).journal.read_text().splitlines())


def tokens(queen: Queen, job_id: str) -> int:
    """How far a job's log is."""
    return queen.sync.jobs.get(job_id).last_seq


def test_a_kernel_that_dies_costs_its_job_nothing(tmp_path: Path) -> None:
    """Interrupted, killed, restarted: its job is whole from event 1 and began once; another kernel's does not notice."""
    with ended(tmp_path), kernel(tmp_path, **SEEN) as first, kernel(tmp_path, **SEEN) as second:
        mine, other = first.run(MAKE), second.run(MAKE)
        cell = first.begin("for event in job: pass")
        with Queen.background(tmp_path) as queen:
            until(lambda: tokens(queen, mine) > 20)
            first.interrupt()
            assert first.outcome(cell) == "KeyboardInterrupt"
            first.kill()
            assert queen.sync.jobs.get(mine).state is State.RUNNING
            first.restart()
            assert first.run(READ.format(id=mine)) == "True succeeded"
            assert queen.jobs.attach(mine).wait(60).usage.completion_tokens == 2000
        assert second.run(READ.format(id=other)) == "True succeeded"
        assert starts(tmp_path) == 2


@pytest.mark.parametrize(
    ("environment", "fate"), [({"QUEENLIB_QUEEN": "embedded"}, "lost queen_died"), ({}, "failed queen_closed")]
)
def test_what_is_part_of_a_kernel_ends_with_it(tmp_path: Path, environment: dict[str, str], fate: str) -> None:
    """Killed, nothing is left and the log is whole: a job is lost with its queen; one in a child closes it still."""
    make = MAKE.replace("default_queen()", "Queen()" if environment else "Queen(process=True)")
    with ended(tmp_path), kernel(tmp_path, **SEEN, **environment) as first:
        job_id = first.run(make)
        cell = first.begin("for event in job:\n    pass")
        first.interrupt()
        assert first.outcome(cell) == "KeyboardInterrupt"
        assert first.run("print(queen.jobs.attach(job.id).record.state.ended)") == "False"  # she has not been interrupted
        first.run("for event in job:\n    if event.type == 'token' and event.data.i > 5:\n        break")
        below = first.below()
        assert len(below) >= 2
        first.kill()
        until(lambda: not any(alive(process.pid) for process in below), GONE_S * SLACK)
        with Queen(tmp_path) as after:
            events = list(after.jobs.attach(job_id))
            assert [event.seq for event in events] == list(range(1, len(events) + 1))
            assert sum(event.type == "end" for event in events) == 1
            record = after.sync.jobs.get(job_id)
            assert f"{record.state} {record.reason}" == fate
        assert starts(tmp_path) == 1


def test_an_older_queen_says_what_to_do(tmp_path: Path) -> None:
    """In a newer kernel: one typed error in its four parts, and no line of our code."""
    with of_another_version(tmp_path, protocol=PROTOCOL - 1), kernel(tmp_path, **SEEN) as newer:
        assert newer.run("from queenlib import Queen\nQueen()") == "ProtocolMismatch"
        shown = "\n".join(newer.error)
        assert "queenlib restart --when-idle" in shown
        assert "0.0.9" in shown
        assert "Traceback" not in shown
        assert "File " not in shown


def test_a_busy_cell_only_delays(tmp_path: Path) -> None:
    """A loop, a call that holds the interpreter, a sleep, a fork, a failing callback: the embedded queen's log is whole."""
    busy = """
import asyncio, os, time
end = time.monotonic() + 1
while time.monotonic() < end:
    pass
sum(range(2 * 10**7))
time.sleep(0.5)
if os.fork() == 0:
    os._exit(0 if queen.closed else 1)
print(os.waitstatus_to_exitcode(os.wait()[1]))
asyncio.get_running_loop().call_soon(lambda: 1 / 0)
"""
    with kernel(tmp_path, QUEENLIB_QUEEN="embedded") as only:
        job_id = only.run(MAKE.replace("2000", "600"))
        assert only.run(busy).splitlines()[0] == "0"
        assert only.run(READ.format(id=job_id)).endswith("True succeeded")
        assert starts(tmp_path) == 1


def opened_and_closed(home: Path, kernels: int, idle_exit_s: float) -> int:
    """So many kernels load a worker each, that it keeps for a second, and are shut down; the queen's process."""
    load = "from queenlib import Queen\nQueen().infer('x', model='sim:echo?text={n}', keep_alive=1).wait(); print('ok')"
    with Queen.background(home, idle_exit_s=idle_exit_s):
        pid = pid_of(home)
        with ExitStack() as all_of_them:
            for number in range(kernels):
                one = all_of_them.enter_context(kernel(home, **SEEN))
                assert one.run(load.format(n=number)) == "ok"
    return pid


@pytest.mark.parametrize("kernels", [2, pytest.param(10, marks=[pytest.mark.full, pytest.mark.timeout(400)])])
def test_many_kernels_leave_one_queen(tmp_path: Path, kernels: int) -> None:
    """Opened and closed, their workers idle: after `keep_alive` she is left with her guardian, and no worker."""
    with ended(tmp_path):
        pid = opened_and_closed(tmp_path, kernels, 1800)
        until(lambda: len(psutil.Process(pid).children(recursive=True)) <= 1)
        assert alive(pid)
        assert pid_of(tmp_path) == pid


@pytest.mark.full
@pytest.mark.timeout(400)
def test_nothing_is_left_when_she_has_nothing_to_do(tmp_path: Path) -> None:
    """After her quiet time, which counts from the last kernel, neither she nor a process of hers is there."""
    with ended(tmp_path):
        pid = opened_and_closed(tmp_path, 3, 20)
        below = psutil.Process(pid).children(recursive=True)
        until(lambda: not alive(pid), 120)
        until(lambda: not any(alive(process.pid) for process in below))
        assert not Home(tmp_path).address_file.exists()
