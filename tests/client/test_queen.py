"""A queen in this process: what she leaves behind, which is nothing, and what her handle shows."""

import asyncio
import gc
import os
import random
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import AsyncGenerator
from pathlib import Path

import psutil
import pytest

from queenlib import Queen, errors
from queenlib.client.seat import Seat
from queenlib.messages.events import Log, Yielded
from queenlib.messages.model import ModelDelete
from queenlib.messages.state import State

PROGRAM = Path(__file__).with_name("embedded.py")
LEAVING = Path(__file__).with_name("leaving.py")
MODELS = {"starting": "sim:words?load_s=60", "loading": "sim:words?load_s=60", "real": "smollm2-135m"}
BUSY = "sim:words?tokens=100000&tokens_per_s=50"


def left_after(pids: list[int], seconds: float) -> list[int]:
    """Which of some processes are there after a while, and are killed now; a zombie that waits for its parent is not."""
    end = time.monotonic() + seconds
    while (left := [pid for pid in pids if alive(pid)]) and time.monotonic() < end:
        time.sleep(0.02)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    return left


def alive(pid: int) -> bool:
    """Whether a process runs."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("state", ["starting", "loading", "busy", "stopped"])
@pytest.mark.parametrize("engine", ["simulated", "real"])
def test_a_killed_process_leaves_no_orphan(state: str, engine: str, tmp_path: Path, real_model_path: Path) -> None:
    """SIGKILL to the process that holds the queen, in each state of a worker: after 2 s nothing of it is left."""
    simulated = MODELS.get(state, BUSY)
    model = simulated if engine == "simulated" else f"file:{real_model_path}"
    command = [sys.executable, str(PROGRAM), str(tmp_path), state, model]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        pids = [int(pid) for pid in process.stdout.readline().split()]
        process.kill()
    assert len(pids) >= 2
    assert left_after(pids, 2.0) == []


@pytest.mark.full
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(40))
def test_a_process_killed_at_any_moment_leaves_no_orphan(seed: int, tmp_path: Path) -> None:
    """SIGKILL after a random time, from before the guardian is there to the middle of an answer: nothing is left."""
    chance = random.Random(seed)
    model = f"sim:words?tokens=100000&tokens_per_s=50&load_s={chance.choice((0, 0.2, 5))}"
    command = [sys.executable, str(PROGRAM), str(tmp_path), "busy", model]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        end = time.monotonic() + chance.uniform(0.2, 2.5)
        below: set[int] = set()
        while time.monotonic() < end:
            below |= {child.pid for child in psutil.Process(process.pid).children(recursive=True)}
            time.sleep(0.002)
        process.kill()
    assert left_after(sorted(below), 2.0) == [], f"seed {seed}"


def test_a_program_that_ends_takes_its_queen_along(tmp_path: Path) -> None:
    """The end of the interpreter closes the queen: exit code 0, no noise, no process left."""
    command = [sys.executable, "-W", "error", str(PROGRAM), str(tmp_path), "exits", BUSY]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert left_after([int(pid) for pid in done.stdout.split()], 2.0) == []


@pytest.mark.parametrize(
    ("how", "code"),
    [("raised", 1), ("thread", 0), ("loop", 0), ("dropped", 0), ("reader", 0), ("forked", 0)],
)
def test_however_a_program_ends_its_queen_ends_quietly(how: str, code: int, tmp_path: Path) -> None:
    """Failed, from a thread, a loop or a fork, with streams open or all forgotten: its own exit code and nothing left."""
    command = [sys.executable, "-W", "error", str(LEAVING), str(tmp_path), how]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    said = [line for line in done.stderr.splitlines() if not line.startswith(("Traceback", "  "))]
    assert (done.returncode, said) == (code, ["ValueError: the program's own"] if how == "raised" else [])
    pids, *still_open = done.stdout.splitlines()
    assert set(still_open) == {"0"}
    assert len(pids.split()) >= 2
    assert left_after([int(pid) for pid in pids.split()], 2.0) == []


def test_closing_ends_jobs_and_workers(tmp_path: Path) -> None:
    """A closed queen's jobs have failed with `queen_closed`, and her processes are gone when `close` returns."""
    before = {process.pid for process in psutil.Process().children(recursive=True)}
    queen = Queen(tmp_path)
    job = queen.infer("x", model=BUSY)
    next(event for event in job if event.type == "token")
    made = [process.pid for process in psutil.Process().children(recursive=True) if process.pid not in before]
    stream = iter(job)
    next(stream)
    queen.close()
    assert [event.data.state for event in stream if event.type == "end"] == [State.FAILED]
    assert made
    assert not any(alive(pid) for pid in made)
    queen.close()  # again, and nothing happens
    assert repr(queen) == "<Queen in this process, closed>"
    with pytest.raises(errors.QueenClosed):
        queen.hives.list()


def test_a_closed_queen_is_forgotten(tmp_path: Path) -> None:
    """Nothing holds a queen that was closed, and no thread of hers is left; one that is open lives on unheld."""
    threads = threading.active_count()
    queen = Queen(tmp_path)
    handle = weakref.ref(queen)
    assert threading.active_count() > threads
    queen.close()
    del queen
    gc.collect()
    assert handle() is None
    assert threading.active_count() == threads


def test_a_close_that_is_interrupted_lets_go_all_the_same(tmp_path: Path) -> None:
    """An interrupt while a job takes its time to unwind ends the waiting for it, and the queen's thread with it."""
    threads = threading.active_count()
    queen = Queen(tmp_path)

    async def cling() -> AsyncGenerator[Yielded]:
        try:
            yield Log(text="begun")
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(60)

    async def begin() -> None:
        assert isinstance(queen.backend, Seat)
        assert queen.backend.router is not None
        job_id = await queen.backend.router._state.registry.create(ModelDelete(model="m"), cling)
        async for event in await queen.backend.execute_job(job_id):
            if event.type == "log":
                return

    queen.portal.wait(begin())
    interrupt = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    interrupt.start()
    with pytest.raises(KeyboardInterrupt):
        queen.close()
    interrupt.join()
    assert queen.closed
    assert threading.active_count() == threads


async def test_a_queen_is_a_context(tmp_path: Path) -> None:
    """`async with` closes it."""
    async with Queen(tmp_path) as queen:
        assert len((await queen.hives.list()).hives) == 1
    assert queen.closed


async def test_defaults_fill_what_is_not_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which model: argument, then `defaults`, then `QUEENLIB_MODEL`."""
    monkeypatch.setenv("QUEENLIB_MODEL", "sim:echo?text=environment")
    async with Queen(tmp_path) as queen:
        assert (await queen.infer("x")).text == "environment"
        queen.defaults(model="sim:echo?text=defaults")
        assert (await queen.infer("x")).text == "defaults"
        assert (await queen.infer("x", model="sim:echo?text=argument")).text == "argument"


async def test_handles_show_themselves_without_asking(tmp_path: Path) -> None:
    """Jobs, lists and answers read well as text and as HTML, also when the queen is closed."""
    async with Queen(tmp_path) as queen:
        job = queen.infer("x", model="sim:echo?text=%3Cb%3Ehello")
        result = await job
        jobs, hives = await queen.jobs.list(), await queen.hives.list()
    assert repr(job) == f"<Job {job.id}: infer, succeeded>"
    assert repr(result).startswith("<InferResult '<b>hello'")
    assert f"<summary>Job {job.id}: infer, succeeded" in job._repr_html_()
    assert "<p>&lt;b&gt;hello</p>" in job._repr_html_()
    assert job.id in str(jobs)
    assert f">{job.id}</div></td>" in jobs._repr_html_()
    assert "local" in repr(hives)
    assert "<caption>1 hive</caption>" in hives._repr_html_()


async def test_waiting_can_be_bounded_and_the_job_goes_on(tmp_path: Path) -> None:
    """`timeout` ends the waiting and never the job."""
    async with Queen(tmp_path) as queen:
        job = queen.infer("x", model="sim:words?tokens=60&tokens_per_s=100")
        with pytest.raises(TimeoutError):
            await job.result(timeout=0.1)
        assert (await job).usage.completion_tokens == 60


def test_a_queen_far_away_that_is_not_there(tmp_path: Path) -> None:
    """An address where nobody listens is a typed error that says so."""
    token = tmp_path / "token"
    token.touch(0o600)
    token.write_text("x" * 43)
    with Queen.connect("http://127.0.0.1:9", token_file=token) as queen, pytest.raises(errors.QueenUnreachable):
        queen.hives.list()


def test_a_prompt_that_is_none_is_named(tmp_path: Path) -> None:
    """What is neither text nor messages, such as a missing value of a table, is a typed error on the calling line."""
    with Queen(tmp_path) as queen:
        for prompt in (float("nan"), None, 3, {"role": "user"}):
            with pytest.raises(errors.InvalidOperation):
                queen.infer(prompt)  # type: ignore[arg-type]
        assert queen.sync.jobs.list().jobs == ()


def test_blocking_verbs_are_refused_where_they_would_dead_lock(tmp_path: Path) -> None:
    """On queenlib's own thread, each blocking call is a typed error at once; what is awaited works."""

    async def inside(queen: Queen) -> str:
        job = await queen.jobs.create({"operation": "hive_list"})
        for block in (queen.hives.list, job.wait, lambda: list(job), queen.sync.info, queen.close):
            with pytest.raises(errors.Conflict):
                block()
        assert [event async for event in job]
        return (await job).hives[0].id  # type: ignore[no-any-return]

    with Queen(tmp_path) as queen:
        assert queen.portal.wait(inside(queen)) == "local"
        assert not queen.closed


async def test_who_answers_is_told(tmp_path: Path) -> None:
    """`info`, awaited and blocking, tells version, process and default model."""
    async with Queen(tmp_path) as queen:
        info = await queen.info()
        assert queen.sync.info() == info
        assert info.pid == os.getpid()
        assert queen.backend is not None
