"""The processes of one hive, seen from the queen: all of them are children of its guardian."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, Self

from queenlib.engines.engine import Launch
from queenlib.errors import EngineError, NotStopped
from queenlib.hives.exits import Exit
from queenlib.hives.pids import Pid
from queenlib.world import World

END_S = 10.0
"""How long a process may take to be gone after it was killed, in seconds."""
PATIENCE_S = 2.0
"""How long a guardian that was let go may take to end by itself, in seconds."""
LINE_BYTES = 16 * 1024 * 1024
"""No line of the guardian is longer."""
_PASSED = frozenset({"PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH", "PYTHONPATH", "SYSTEMROOT", "VIRTUAL_ENV"})
_PASSED_PREFIXES = ("LC_", "CUDA_", "NVIDIA_", "HIP_")


def scrubbed(environment: Mapping[str, str]) -> dict[str, str]:
    """What a worker may know of our environment: where programs and devices are, and nothing secret."""
    return {name: value for name, value in environment.items() if name in _PASSED or name.startswith(_PASSED_PREFIXES)}


class WorkerProcess:
    """One worker's process. It has ended when `exited` is done, whoever was killed."""

    def __init__(self, key: str, processes: Processes) -> None:
        loop = asyncio.get_running_loop()
        self.pid = 0
        self._exited: asyncio.Future[Exit] = loop.create_future()
        self._started: asyncio.Future[int] = loop.create_future()
        self._messages: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._key, self._processes = key, processes

    @property
    def exited(self) -> asyncio.Future[Exit]:
        """Its end. Whoever waits for it may be cancelled and takes it from nobody else."""
        return asyncio.shield(self._exited)

    async def messages(self) -> AsyncIterator[dict[str, Any]]:
        """What it says about itself, one control message each, until it has ended."""
        while (message := await self._messages.get()) is not None:
            yield message
        self._messages.put_nowait(None)  # for whoever asks again

    async def stop(self, grace_s: float) -> Exit:
        """Let it end by itself for `grace_s` seconds, then kill it and its group; returns when it has ended.

        Raises:
            NotStopped: It was killed and is still there after 10 s.
        """
        self._processes._send(command="stop", id=self._key, grace_s=grace_s)
        return await self._processes._end_of(self, grace_s + END_S)

    async def kill(self) -> Exit:
        """Kill it and its group now; returns when it has ended.

        Raises:
            NotStopped: It is still there after 10 s.
        """
        self._processes._send(command="kill", id=self._key)
        return await self._processes._end_of(self, END_S)

    def _hear(self, event: dict[str, Any]) -> None:
        match event:
            case {"event": "spawned", "pid": int(pid)} if not self._started.done():
                self.pid = pid
                self._started.set_result(pid)
            case {"event": "line", "data": dict(data)}:
                self._messages.put_nowait(data)
            case {"event": "refused", "reason": reason}:
                self._end(Exit(None, None, (), note=reason))
            case {"event": "exit", "code": code, "signal": name, "last_lines": lines}:
                self._end(Exit(code, name, tuple(lines)))

    def _end(self, end: Exit) -> None:
        if not self._exited.done():
            self._exited.set_result(end)
            self._messages.put_nowait(None)


class Processes:
    """A guardian and the workers that it is the parent of. Used on one event loop; `async with` starts and closes it."""

    def __init__(self, world: World, log_dir: Path) -> None:
        self._world, self._log_dir = world, log_dir
        self._guardian: asyncio.subprocess.Process | None = None
        self._listening: asyncio.Task[None] | None = None
        self._workers: dict[str, WorkerProcess] = {}
        self._pids: dict[str, Pid] = {}
        self._spawned = 0
        self._closing = False
        self._changing = asyncio.Lock()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    @property
    def guardian_pid(self) -> int | None:
        """The guardian's process, while there is one."""
        return self._guardian.pid if self._guardian else None

    async def start(self) -> None:
        """Start the guardian; does nothing while there is one."""
        async with self._changing:
            if self._guardian is None:
                with (self._log_dir / "guardian.log").open("ab") as log:
                    self._guardian = await asyncio.create_subprocess_exec(
                        *(sys.executable, "-P", "-m", "queenlib.hives.guardian", str(os.getpid())),
                        stdin=asyncio.subprocess.PIPE,
                        stdout=asyncio.subprocess.PIPE,
                        stderr=log,
                        env=scrubbed(os.environ),
                        start_new_session=True,  # an interrupt at the terminal is the queen's business
                        limit=LINE_BYTES,
                    )
                self._listening = asyncio.create_task(self._listen(self._guardian), name="guardian")

    async def spawn(self, worker_id: str, launch: Launch, log: Path) -> WorkerProcess:
        """Start a worker's process and give it its configuration. A guardian that has died is started anew.

        Raises:
            EngineError: It could not be started.
        """
        await self.start()
        self._spawned += 1
        key = f"{worker_id}#{self._spawned}"
        process = self._workers[key] = WorkerProcess(key, self)
        config, env = json.dumps(dict(launch.config)), scrubbed(os.environ)
        self._send(command="spawn", id=key, argv=list(launch.argv), env=env, line=config, log=str(log))
        try:
            told: set[asyncio.Future[Any]] = {process._started, process._exited}
            await asyncio.wait(told, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            await process.kill()  # the guardian obeys in order: what it is starting is killed next
            raise
        if process.pid:
            return process
        end = process._exited.result()
        raise EngineError(
            f"Worker {worker_id} could not be started: {end.note}.",
            why=f"Its program is {launch.argv[0]}.",
            state="Nothing of it runs.",
            next="Look whether the machine has room for another process and the program is there.",
        )

    async def close(self) -> None:
        """Kill all workers at once and let the guardian go; none of them is left when this returns. May be called again.

        Raises:
            NotStopped: Something of them is still there after 10 s.
        """
        async with self._changing:
            guardian, listening = self._guardian, self._listening
            if guardian is None or listening is None:
                return
            assert guardian.stdin is not None
            guardian.stdin.close()
            self._closing = True
            try:
                async with self._world.limit(PATIENCE_S):
                    await asyncio.shield(listening)
            except TimeoutError:
                guardian.kill()  # it may be stopped; on Linux its workers die with it, elsewhere by our hand
                await asyncio.shield(listening)

    def _send(self, **command: Any) -> None:
        guardian = self._guardian
        if guardian is not None and guardian.stdin is not None and not guardian.stdin.is_closing():
            guardian.stdin.write(json.dumps(command).encode() + b"\n")

    async def _listen(self, guardian: asyncio.subprocess.Process) -> None:
        """Hear the guardian until it ends; then see to it that its workers have ended, too."""
        assert guardian.stdout is not None
        assert guardian.stdin is not None
        async for line in guardian.stdout:
            self._hear(json.loads(line))
        guardian.stdin.close()
        try:
            await self._all_gone(guardian)
        finally:
            end = Exit.of(guardian.returncode).describe()
            note = "its hive was closed" if self._closing else f"its guardian ended ({end})"
            workers, self._workers, self._pids = self._workers, {}, {}
            self._guardian = self._listening = None
            self._closing = False
            for process in workers.values():
                process._end(Exit(None, "SIGKILL", note=note))

    def _hear(self, event: dict[str, Any]) -> None:
        key = event["id"]
        if process := self._workers.get(key):
            process._hear(event)
            if event["event"] == "spawned":
                self._pids[key] = Pid.of(process.pid)
            if process._exited.done():
                self._workers.pop(key)
                self._pids.pop(key, None)

    async def _end_of(self, process: WorkerProcess, limit_s: float) -> Exit:
        try:
            async with self._world.limit(limit_s):
                return await process.exited
        except TimeoutError:
            if self._guardian is not None:
                if not Pid.of(self._guardian.pid).stopped():
                    raise _still_there([process.pid], limit_s) from None
                self._guardian.kill()  # it cannot do as it is told: it is let go, with all of its workers
            return await process.exited

    async def _all_gone(self, guardian: asyncio.subprocess.Process) -> None:
        """Kill what is left of a guardian and its workers, and see them gone."""
        pids = list(self._pids.values())
        try:
            async with self._world.limit(END_S):
                for pid in pids:
                    pid.kill_group()
                await guardian.wait()
                while any(pid.alive() for pid in pids):
                    await self._world.sleep(0.02)
        except TimeoutError:
            raise _still_there([pid.number for pid in pids if pid.alive()], END_S) from None


def _still_there(pids: list[int], waited_s: float) -> NotStopped:
    return NotStopped(
        f"{len(pids)} processes are still there {waited_s:.0f} s after they were told to end: {pids}.",
        why="They were killed, and the kernel does not end them; they may wait for a device.",
        state="Their memory is not free.",
        next=f"Look at them: ps -o pid,stat,wchan,args -p {','.join(map(str, pids))}",
        waited_s=waited_s,
    )
