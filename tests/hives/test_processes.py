"""The processes of one hive, seen from the queen."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from queenlib.engines.engine import Launch
from queenlib.engines.simulated import Simulated
from queenlib.errors import EngineError, WorkerDied
from queenlib.hives.pids import Pid
from queenlib.hives.processes import Processes, WorkerProcess, scrubbed
from queenlib.messages.events import Token
from queenlib.world import World
from tests.engines.bench import generation
from tests.hives.owner import BUSY, launch

GONE_S = 2.0
"""The promise: so long after its owner died, nothing is left, in seconds."""


@pytest.fixture
async def processes(tmp_path: Path) -> AsyncIterator[Processes]:
    """A guardian, started."""
    async with Processes(World(), tmp_path) as started:
        yield started


async def spawn(processes: Processes, folder: Path, model: str, name: str = "w") -> WorkerProcess:
    """A simulated worker."""
    return await processes.spawn(name, launch(model), folder / f"{name}.log")


async def ready(process: WorkerProcess) -> dict[str, str]:
    """What a worker says when it is ready."""
    async for message in process.messages():
        if message["type"] == "ready":
            return message
    raise AssertionError("it ended before it was ready")


async def test_life_of_a_worker(processes: Processes, tmp_path: Path) -> None:
    """A worker says that it loads and that it is ready; told to stop it ends by itself, and nothing of it is left."""
    process = await spawn(processes, tmp_path, "sim:words")
    messages = process.messages()
    assert [(await anext(messages))["type"] for _ in range(2)] == ["loading", "ready"]
    pid = Pid.of(process.pid)
    assert pid.alive()
    end = await process.stop(20.0)
    assert (end.code, end.signal) == (0, None)
    assert end.last_lines[-1].startswith("simulated: listening")
    assert [message async for message in messages] == []
    assert [message async for message in process.messages()] == []
    assert not pid.alive()
    assert await process.kill() == await process.stop(0.0) == end


@pytest.mark.parametrize(
    ("fault", "name", "code", "words"),
    [
        ("oom", "SIGKILL", None, "out of memory"),
        ("crash_load", None, 70, "crashes while it loads"),
        ("crash_at_token", "SIGSEGV", None, "segmentation fault"),
    ],
)
async def test_deaths_are_told(
    processes: Processes, tmp_path: Path, fault: str, name: str | None, code: int | None, words: str
) -> None:
    """A worker that dies while it loads or at a token is told with its signal or exit code and its last lines."""
    process = await spawn(processes, tmp_path, f"sim:words?{fault}=1")
    if fault == "crash_at_token":
        connection = Simulated(World()).connect((await ready(process))["url"], "k", 1000, "w")
        with pytest.raises(WorkerDied):
            await anext(item async for item in connection.generate(generation("Hello"), 0) if isinstance(item, Token))
    error = (await process.exited).error("w", "while it was tested")
    assert (error.signal, error.exit_code) == (name, code)
    assert words in error.last_lines[-1]
    assert words in (tmp_path / "w.log").read_text()


async def test_program_that_is_not_there(processes: Processes, tmp_path: Path) -> None:
    """A worker that cannot be started is an error that says why, and the next one can."""
    with pytest.raises(EngineError, match="No such file"):
        await processes.spawn("w", Launch(("/nowhere/x",), {}), tmp_path / "w.log")
    await ready(await spawn(processes, tmp_path, "sim:words"))


async def test_many_at_once(processes: Processes, tmp_path: Path) -> None:
    """Workers are started side by side, by whoever, and each hears its own messages."""
    started = await asyncio.gather(*(spawn(processes, tmp_path, "sim:words", f"w{i}") for i in range(4)))
    urls = [(await ready(process))["url"] for process in started]
    assert len(set(urls)) == len({process.pid for process in started}) == 4


async def test_cancelled_spawn_leaves_nothing(processes: Processes, tmp_path: Path) -> None:
    """Whoever is cancelled while a worker is being started leaves no process."""
    task = asyncio.create_task(spawn(processes, tmp_path, "sim:words?load_s=30"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert processes.guardian_pid
    assert not psutil.Process(processes.guardian_pid).children()


async def test_cancelled_wait_harms_nobody(processes: Processes, tmp_path: Path) -> None:
    """Whoever waits for an end and is cancelled takes it from nobody else."""
    process = await spawn(processes, tmp_path, "sim:words?load_s=30")

    async def wait() -> None:
        await process.exited

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not process.exited.done()
    assert (await process.kill()).signal == "SIGKILL"
    assert process.exited.done()


async def test_closing_is_proven(tmp_path: Path) -> None:
    """When it is closed, once or twice, nobody is left; whoever waited for a worker is told."""
    processes = Processes(World(), tmp_path)
    await processes.close()
    await processes.start()
    started = [await spawn(processes, tmp_path, model, "w") for model in (BUSY, "sim:words?load_s=30")]
    os.kill(started[0].pid, signal.SIGSTOP)
    pids = [Pid.of(process.pid) for process in started]
    await asyncio.gather(processes.close(), processes.close())
    await processes.close()
    assert processes.guardian_pid is None
    assert not any(pid.alive() for pid in pids)
    assert [(await process.exited).note for process in started] == ["its hive was closed"] * 2
    await processes.start()
    await ready(await spawn(processes, tmp_path, "sim:words"))
    await processes.close()


@pytest.mark.parametrize("stopped", [False, True])
async def test_guardian_that_dies(processes: Processes, tmp_path: Path, stopped: bool) -> None:
    """A guardian that is killed takes its workers along; each ends with that reason, and the next has a new guardian."""
    started = [await spawn(processes, tmp_path, model, "w") for model in (BUSY, BUSY, "sim:words?load_s=30")]
    os.kill(started[0].pid, signal.SIGSTOP)
    pids = [Pid.of(process.pid) for process in started]
    guardian = processes.guardian_pid
    assert guardian
    if stopped:
        os.kill(guardian, signal.SIGSTOP)
    os.kill(guardian, signal.SIGKILL)
    for process in started:
        end = await process.exited
        assert end.signal == "SIGKILL"
        assert "its guardian ended" in end.describe()
    assert not any(pid.alive() for pid in pids)
    await ready(await spawn(processes, tmp_path, "sim:words"))
    assert processes.guardian_pid != guardian


async def test_closing_with_a_stopped_guardian(tmp_path: Path) -> None:
    """A guardian that is stopped is let go with force, and its workers with it."""
    processes = Processes(World(), tmp_path)
    await processes.start()
    pid = Pid.of((await spawn(processes, tmp_path, BUSY)).pid)
    assert processes.guardian_pid
    os.kill(processes.guardian_pid, signal.SIGSTOP)
    await processes.close()
    assert not pid.alive()


def test_environment_is_scrubbed() -> None:
    """A worker knows where programs and devices are, and nothing secret."""
    given = {"PATH": "p", "LC_ALL": "C", "CUDA_VISIBLE_DEVICES": "0", "QUEENLIB_TOKEN": "t", "HF_TOKEN": "t", "PATHS": "x"}
    assert scrubbed(given) == {"PATH": "p", "LC_ALL": "C", "CUDA_VISIBLE_DEVICES": "0"}


async def test_secrets_stay(processes: Processes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a worker's arguments nor its environment have a secret of ours."""
    monkeypatch.setenv("QUEENLIB_TOKEN", "canary-token")
    process = await spawn(processes, tmp_path, "sim:words")
    await ready(process)
    seen = psutil.Process(process.pid)
    assert "canary" not in str(seen.environ())
    assert seen.cmdline()[-1] == "queenlib.engines.host.simulated"


@pytest.mark.parametrize("victim", ["owner", "guardian", "owner of a stopped guardian"])
@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="a stopped guardian lives on where the kernel does not help"
)
def test_no_orphans(tmp_path: Path, victim: str) -> None:
    """After `kill -9` of the owner or of the guardian nothing is left within 2 s: starting, loading, busy and stopped."""
    program = [sys.executable, "-m", "tests.hives.owner", str(tmp_path)]
    root = Path(__file__).parents[2]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=root) as owner:
        assert owner.stdout
        pids = [Pid.of(number) for number in json.loads(owner.stdout.readline())]
        assert len(pids) == 5
        assert all(pid.alive() for pid in pids)
        if victim == "owner of a stopped guardian":
            os.kill(pids[0].number, signal.SIGSTOP)
        os.kill(pids[0].number if victim == "guardian" else owner.pid, signal.SIGKILL)
        deadline = time.monotonic() + GONE_S
        while any(pid.alive() for pid in pids) and time.monotonic() < deadline:
            time.sleep(0.01)
        left = [pid.number for pid in pids if pid.alive()]
        owner.kill()
    assert not left
