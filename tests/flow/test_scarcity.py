"""Where something runs out, or dies in the middle: a typed error, no crash loop, and all is well when it is there again."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import socket
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from queenlib import Queen, errors
from queenlib.client.job import Job
from queenlib.messages.events import TokenEvent
from queenlib.messages.infer import InferResult
from tests.flow.conftest import served

FEW = 64
"""File descriptors that a poor queen may have."""
SPOKEN = 250
"""Tokens of an answer in whose middle something happens."""


async def speaks(job: Job[InferResult], pieces: int = 3) -> list[TokenEvent]:
    """Wait until it has said so many pieces."""
    said = list[TokenEvent]()
    async for event in job:
        if isinstance(event, TokenEvent):
            said.append(event)
        if len(said) >= pieces:
            break
    return said


async def test_a_real_worker_dies_in_the_middle_of_a_word(tmp_path: Path, real_model_path: Path) -> None:
    """What it had said is kept as it was shown; the error has the signal; the next job gets a new worker, and its slot."""
    async with Queen(tmp_path) as queen, asyncio.timeout(90):
        model = f"file:{real_model_path}"
        worker = await queen.workers.spawn(model, name="real", slots=1, threads=1)
        job = queen.infer("Tell a long story with many emoji 🙂🙂🙂.", model=model, max_tokens=SPOKEN, seed=1)
        said = await speaks(job)
        assert worker.pid is not None
        os.kill(worker.pid, signal.SIGKILL)
        with pytest.raises(errors.WorkerDied) as caught:
            await job
        assert (caught.value.signal, job.record.state, job.record.reason) == ("SIGKILL", "failed", "worker_died")
        log = [event async for event in job]
        assert [event for event in log if isinstance(event, TokenEvent)][: len(said)] == said
        assert [event.seq for event in log] == list(range(1, len(log) + 1))
        again = await queen.infer("Hello", model=model, max_tokens=3, seed=1)
        assert again.usage.completion_tokens > 0
        [now] = [each for each in (await queen.workers.list()).workers if each.state == "ready"]
        assert (now.pid != worker.pid, now.slots, now.slots_busy) == (True, 1, 0)


async def test_a_worker_without_memory_is_told_and_not_started_for_ever(tmp_path: Path, real_model_path: Path) -> None:
    """The system gives it none: the load fails with its reason, once a job; with memory the next job is answered."""
    async with Queen(tmp_path) as queen, asyncio.timeout(90):
        await queen.hives.start()
        [guardian] = psutil.Process().children()
        limits = resource.prlimit(guardian.pid, resource.RLIMIT_AS, (300 * 2**20, resource.RLIM_INFINITY))
        model = f"file:{real_model_path}"
        with pytest.raises((errors.WorkerDied, errors.EngineError)) as caught:
            await queen.infer("x", model=model, max_tokens=1)
        assert "memory" in str(caught.value.problem())
        assert [each for each in (await queen.workers.list()).workers if each.state != "failed"] == []
        assert guardian.children() == []
        resource.prlimit(guardian.pid, resource.RLIMIT_AS, limits)
        assert (await queen.infer("x", model=model, max_tokens=1)).usage.completion_tokens == 1


async def test_a_queen_without_file_descriptors_answers_again(tmp_path: Path) -> None:
    """More connections than she can have: a job at work is whole, and when they have gone she answers as before."""
    with served(tmp_path) as queen:
        assert queen.url is not None
        pid = (await queen.info()).pid
        await queen.infer("x", model="sim:echo?text=a")
        before = psutil.Process(pid).num_fds()
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (FEW, resource.prlimit(pid, resource.RLIMIT_NOFILE)[1]))
        job = queen.infer("x", model=f"sim:words?tokens={SPOKEN}&tokens_per_s=200")
        events = aiter(job)
        seqs = list[int]()
        while len(seqs) < 20:
            seqs.append((await anext(events)).seq)
        host, _, port = queen.url.removeprefix("http://").partition(":")
        with ExitStack() as crowd:
            for _ in range(2 * FEW):
                crowd.enter_context(socket.create_connection((host, int(port)), timeout=10))
            while psutil.Process(pid).num_fds() < FEW:
                await asyncio.sleep(0.01)
            seqs += [event.seq async for event in events]
        assert seqs == list(range(1, len(seqs) + 1))
        async with asyncio.timeout(60):
            while psutil.Process(pid).num_fds() > before + 4:
                await asyncio.sleep(0.05)
        assert (await queen.infer("x", model="sim:echo?text=b")).text == "b"
        assert (await job).usage.completion_tokens == SPOKEN
