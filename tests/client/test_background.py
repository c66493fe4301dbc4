"""A queen in another process: joined or started, left running, started again; never is this process her."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from queenlib import Queen
from queenlib.client.reign import Address
from queenlib.home import Home
from queenlib.messages.events import TokenEvent
from queenlib.messages.state import State
from tests.client.others import other
from tests.client.outliving import alive, ended, pid_of, until

LONG = "sim:words?tokens=100000&tokens_per_s=50"
STARTER = """
import sys
from queenlib import Queen
with Queen.background(sys.argv[1]) as queen:
    print(queen.sync.info().pid, queen.hives.list().wait(60).hives[0].id)
"""


def test_she_is_started_joined_and_left_running(tmp_path: Path) -> None:
    """The first handle starts her, in a session of her own and nobody's child; the next joins; closed, she goes on."""
    with ended(tmp_path):
        with Queen.background(tmp_path, idle_exit_s=1800) as first:
            pid = first.sync.info().pid
            assert os.getsid(pid) == os.getpgid(pid) != os.getsid(0)
            assert psutil.Process(pid).ppid() != os.getpid()
            job = first.infer("x", model=LONG)
            next(event for event in job if isinstance(event, TokenEvent))
            assert repr(first) == (
                f"<Queen in the background, at {first.url}; ends after 30 quiet minutes; "
                f"to stop her: queenlib down --home {tmp_path}>"
            )
        assert alive(pid)
        with Queen.background(tmp_path) as second, Queen(tmp_path) as third:
            assert second.sync.info().pid == third.sync.info().pid == pid
            assert second.sync.jobs.get(job.id).state is State.RUNNING
            assert "queenlib down" in repr(third)
            second.sync.jobs.cancel(job.id)


def test_of_two_starters_one_wins_and_both_join(tmp_path: Path) -> None:
    """In two processes and in two threads at once: all are clients of one queen."""
    command = [sys.executable, "-W", "error", "-c", STARTER, str(tmp_path)]
    with ended(tmp_path), ThreadPoolExecutor(3) as threads:
        programs = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
        here = threads.submit(Queen.background, tmp_path)
        said = {program.communicate(timeout=100)[0] for program in programs}
        with here.result(100) as queen:
            assert said == {f"{queen.sync.info().pid} local\n"}
        assert [program.returncode for program in programs] == [0, 0]


def test_when_she_is_gone_another_is_started_and_not_taken_over(tmp_path: Path) -> None:
    """Killed: who follows a stream sees it go on, from another process; nobody in this one has the home."""
    with ended(tmp_path), Queen.background(tmp_path) as queen, Queen.background(tmp_path) as idle:
        pid = queen.sync.info().pid
        job = queen.infer("x", model="sim:words?tokens=60&tokens_per_s=40", retry=1)
        seen = []
        for event in job:
            seen.append(event.seq)
            if isinstance(event, TokenEvent) and alive(pid):
                os.kill(pid, signal.SIGKILL)
                until(lambda: not alive(pid))
        assert seen == list(range(1, len(seen) + 1))
        assert job.wait(60).usage.completion_tokens == 60
        address = Address.read(Home(tmp_path))
        assert address is not None
        assert address.serves
        assert address.pid not in (pid, os.getpid())
        assert idle.sync.info().pid == address.pid


def test_nobody_is_started_who_is_not_wanted(tmp_path: Path) -> None:
    """She ends by herself though a handle is open; the next call starts another, and knows all jobs."""
    with ended(tmp_path), Queen.background(tmp_path, idle_exit_s=0.5) as queen:
        pid = queen.sync.info().pid
        job_id = queen.hives.list().id
        until(lambda: not alive(pid))
        assert Address.read(Home(tmp_path)) is None
        assert queen.sync.jobs.get(job_id).state is State.SUCCEEDED
        assert pid_of(tmp_path) != pid


def test_a_watch_starts_no_queen_after_one_who_was_told_to_end(tmp_path: Path) -> None:
    """It waits, and hears of the next one's jobs; that is started by who wants something of her, or after one was killed."""
    with ended(tmp_path), ThreadPoolExecutor() as threads, Queen.background(tmp_path) as queen:
        cut = queen.infer("x", model=LONG, max_tokens=2000)
        next(event for event in cut if isinstance(event, TokenEvent))
        heard: dict[str, State] = {}

        def watch() -> None:
            for change in queen.jobs.watch():
                heard.update({record.id: record.state for record in change.items})

        threads.submit(watch)
        until(lambda: heard)
        pid = pid_of(tmp_path)
        os.kill(pid, signal.SIGINT)
        until(lambda: not alive(pid))
        time.sleep(3)
        assert Address.read(Home(tmp_path)) is None
        job = queen.infer("x", model="sim:echo")
        until(lambda: heard.get(job.id) is State.SUCCEEDED)
        assert heard[cut.id] is State.FAILED
        pid = pid_of(tmp_path)
        os.kill(pid, signal.SIGKILL)
        until(lambda: not alive(pid))
        until(lambda: (Address.read(Home(tmp_path)) or Address("", pid, "")).pid != pid)
        after = queen.infer("x", model="sim:echo")
        until(lambda: heard.get(after.id) is State.SUCCEEDED)


def test_who_has_the_home_already_is_joined(tmp_path: Path) -> None:
    """A queen that is part of another program is as good; when that ends, one in the background is started."""
    with ended(tmp_path), other(tmp_path) as first, Queen.background(tmp_path) as queen:
        assert queen.sync.info().pid == first.process.pid
        assert "of another process" in repr(queen)
        first.ask("close")
        assert queen.sync.info().pid not in (first.process.pid, os.getpid())
        assert "in the background" in repr(queen)


def test_a_child_ends_with_its_handle_and_with_its_process(tmp_path: Path) -> None:
    """`Queen(process=True)`: closing ends her; so does SIGKILL to this process; nothing of hers is left."""
    with Queen(tmp_path, process=True) as queen:
        pid = queen.sync.info().pid
        assert pid != os.getpid()
        assert repr(queen) == f"<Queen in process {pid}, which ends with this one>"
        job = queen.infer("x", model=LONG)
        next(event for event in job if isinstance(event, TokenEvent))
        below = [each.pid for each in psutil.Process(pid).children(recursive=True)]
    assert not any(alive(each) for each in [pid, *below])
    code = (
        "import sys; from queenlib import Queen; q = Queen(sys.argv[1], process=True); print(q.sync.info().pid, flush=True)"
    )
    code += f"\nfor event in q.infer('x', model={LONG!r}):\n    if event.type == 'token':\n        break"
    code += "\nprint('busy', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        pid = int(program.stdout.readline())
        assert program.stdout.readline() == "busy\n"
        tree = [pid, *(each.pid for each in psutil.Process(pid).children(recursive=True))]
        program.kill()
        program.wait()
        until(lambda: not any(alive(each) for each in tree), 10)
    with Queen(tmp_path) as queen:
        newest = queen.sync.jobs.list().jobs[0]
        assert (newest.state, newest.reason) == (State.FAILED, "queen_closed")


def test_a_child_that_dies_is_replaced(tmp_path: Path) -> None:
    """SIGKILL to her: the next call has another child, which ends with the handle as the first did."""
    with Queen(tmp_path, process=True) as queen:
        pid = queen.sync.info().pid
        os.kill(pid, signal.SIGKILL)
        assert queen.infer("x", model="sim:echo?text=hello").wait(60).text == "hello"
        after = queen.sync.info().pid
        assert after != pid
    assert not alive(after)
