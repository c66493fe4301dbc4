"""A program that owns workers, to be killed: it says who they are, and then does nothing.

It has a worker that loads, one that generates, one that is stopped, and one that it starts at the very end.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from queenlib.engines.engine import Generation, Launch, LoadSpec
from queenlib.engines.simulated import Simulated
from queenlib.hives.processes import Processes, WorkerProcess
from queenlib.messages.events import Token
from queenlib.messages.infer import ChatMessage, Sampling
from queenlib.world import World

BUSY = "sim:words?tokens=100000&tokens_per_s=20"


def launch(model: str) -> Launch:
    """How to start a simulated worker."""
    return Simulated(World()).launch(LoadSpec(model, None, 0, "cpu", 200_000, 1, 1, 0), "k")


async def own(folder: Path) -> None:
    """Start the workers, say who they are, and wait to be killed."""
    processes = Processes(World(), folder)
    await processes.start()

    async def spawn(name: str, model: str) -> WorkerProcess:
        return await processes.spawn(name, launch(model), folder / f"{name}.log")

    loading = await spawn("loading", "sim:words?load_s=30")
    busy, stopped = await spawn("busy", BUSY), await spawn("stopped", BUSY)
    async for message in busy.messages():
        if message["type"] == "ready":
            break
    os.kill(stopped.pid, signal.SIGSTOP)
    connection = Simulated(World()).connect(message["url"], "k", 200_000, "busy")
    starting = await spawn("starting", "sim:words?load_s=30")
    pids = [processes.guardian_pid, *(worker.pid for worker in (loading, busy, stopped, starting))]
    asked = Generation((ChatMessage(role="user", content="Hello"),), Sampling(max_tokens=100_000))
    async for item in connection.generate(asked, 0):
        if isinstance(item, Token) and pids:
            sys.stdout.write(json.dumps(pids) + "\n")
            sys.stdout.flush()
            pids = []


if __name__ == "__main__":
    asyncio.run(own(Path(sys.argv[1])))
