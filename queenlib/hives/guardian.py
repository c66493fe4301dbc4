"""The guardian: the one process of a hive that is the parent of all its workers: `python -P -m queenlib.hives.guardian`.

It is told what to do in lines of JSON on its standard input, and says what happened in lines of JSON on its output.

    spawn {id, argv, env, line, log}   →  spawned {id, pid}  or  refused {id, reason}
    stop  {id, grace_s}                   closes the worker's input, and kills its group after that many seconds
    kill  {id}                            kills its group at once
                                       →  line {id, data}    each line of JSON that the worker printed
                                       →  exit {id, code, signal, last_lines}   once, after all of its lines

When its input ends, because the queen let go or died, it kills every group at once and ends. On Linux the kernel kills it
with the queen and the workers with it, even while it is stopped. Standard library only.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import traceback
from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import IO, Any

from queenlib.hives import posix

LOG_BYTES = 2 * 1024 * 1024
"""A log that grows longer becomes `….log.1`, in place of the one before."""
LAST_LINES = 50
LINE_BYTES = 64 * 1024  # longer lines of a worker are cut into pieces
COMMAND_BYTES = 16 * 1024 * 1024
"""No command of the queen is longer."""
END_S = 2.0
"""How long the last reaping may take for each worker, in seconds."""
DRAIN_S = 1.0
"""How long the rest of a dead worker's output is waited for, in seconds: somebody else may hold it."""


def neutral(line: bytes) -> str:
    """A line as text that does nothing to a terminal: what cannot be printed is written as an escape."""
    text = line.decode("utf-8", "replace")
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\t" else c.encode("unicode_escape").decode() for c in text)


class Log:
    """What a worker said: a file of bounded size, and its last lines."""

    def __init__(self, path: Path) -> None:
        self.last: deque[str] = deque(maxlen=LAST_LINES)
        self._path = path
        self._open()

    def add(self, line: bytes) -> None:
        """Write one line, without its line end."""
        text = neutral(line)
        self.last.append(text[:2000])
        written = text.encode("utf-8", "replace") + b"\n"
        if self._size + len(written) > LOG_BYTES:
            self.close()
            self._path.replace(self._path.with_name(f"{self._path.name}.1"))
            self._open()
        self._file.write(written)
        self._size += len(written)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _open(self) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._file = os.fdopen(os.open(self._path, flags, 0o600), "ab", buffering=0)
        self._size = self._path.stat().st_size


async def lines_of(pipe: IO[bytes], longest: int) -> AsyncIterator[bytes]:
    """The lines that come out of a pipe, without their ends; ones that are longer than `longest` bytes in pieces."""
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    try:
        rest = b""
        while chunk := await reader.read(LINE_BYTES):
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                yield line
            while len(rest) > longest:
                yield rest[:longest]
                rest = rest[longest:]
        if rest:
            yield rest
    finally:
        transport.close()


def say(event: str, **data: Any) -> None:
    """Tell the queen. It blocks while the queen does not listen; there is nothing to do for it then."""
    with suppress(BrokenPipeError):  # it died: the input ends as well, and that is what is acted on
        sys.stdout.buffer.write(json.dumps({"event": event, **data}).encode() + b"\n")
        sys.stdout.buffer.flush()


class Child:
    """One worker."""

    def __init__(self, key: str, command: dict[str, Any]) -> None:
        self.key = key
        self.log = Log(Path(command["log"]))
        self.process = subprocess.Popen(  # noqa: S603 - the argv is the queen's own, and no shell reads it
            command["argv"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=command["env"],
            start_new_session=True,
            preexec_fn=partial(posix.die_with_parent, os.getpid()),  # safe: this process has one thread
            bufsize=0,
        )
        os.set_blocking(self._input.fileno(), False)  # a worker that does not read must not hold up the others
        self._pumps = [asyncio.create_task(self._control()), asyncio.create_task(self._errors())]

    @property
    def _input(self) -> IO[bytes]:
        assert self.process.stdin is not None
        return self.process.stdin

    def tell(self, line: str) -> None:
        """Write its one line of configuration; its input stays open for as long as it is wanted."""
        data = line.encode() + b"\n"
        with suppress(OSError):
            if os.write(self._input.fileno(), data) == len(data):
                return
        self.kill()  # it is dead, or told half: its end says so

    def stop(self, grace_s: float) -> None:
        """Let it end by itself, for so long."""
        self._input.close()
        asyncio.get_running_loop().call_later(grace_s, self.kill)

    def kill(self) -> None:
        """Kill it and all of its group, now."""
        if self.process.returncode is None:
            posix.kill_group(self.process.pid)

    async def reap(self) -> None:
        """It has ended: take its children down with it, and say how it ended."""
        posix.kill_group(self.process.pid)
        code = self.process.wait()
        _, late = await asyncio.wait(self._pumps, timeout=DRAIN_S)
        for pump in late:
            pump.cancel()
        self._input.close()
        self.log.close()
        how = {"code": None, "signal": posix.signal_name(-code)} if code < 0 else {"code": code, "signal": None}
        say("exit", id=self.key, **how, last_lines=list(self.log.last))

    async def _control(self) -> None:
        assert self.process.stdout is not None
        async for line in lines_of(self.process.stdout, LINE_BYTES):
            if (data := _control_message(line)) is None:
                self.log.add(line)
            else:
                say("line", id=self.key, data=data)

    async def _errors(self) -> None:
        assert self.process.stderr is not None
        async for line in lines_of(self.process.stderr, LINE_BYTES):
            self.log.add(line)


def _control_message(line: bytes) -> dict[str, Any] | None:
    with suppress(ValueError, RecursionError):
        data = json.loads(line)
        return data if isinstance(data, dict) else None
    return None


class Guardian:
    """All workers of one hive."""

    def __init__(self) -> None:
        self._children: dict[str, Child] = {}
        self._reaping: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Do as told until the input ends; then nothing of ours is left."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGCHLD, self._look)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self.end)
        try:
            async for line in lines_of(sys.stdin.buffer, COMMAND_BYTES):
                self._obey(json.loads(line))
        except Exception:  # noqa: BLE001 - whatever it is, no worker may outlive it
            traceback.print_exc()
        finally:
            self.end()

    def end(self) -> None:
        """Kill everything and end, at once."""
        for child in self._children.values():
            child.kill()
        for child in self._children.values():
            with suppress(subprocess.TimeoutExpired):
                child.process.wait(END_S)
        os._exit(0)

    def _obey(self, command: dict[str, Any]) -> None:
        key, child = command["id"], self._children.get(command["id"])
        match command["command"]:
            case "spawn":
                self._spawn(key, command)
            case "stop" if child:
                child.stop(command["grace_s"])
            case "kill" if child:
                child.kill()

    def _spawn(self, key: str, command: dict[str, Any]) -> None:
        try:
            child = self._children[key] = Child(key, command)
        except (OSError, subprocess.SubprocessError) as error:
            say("refused", id=key, reason=str(error))
            return
        say("spawned", id=key, pid=child.process.pid)
        child.tell(command["line"])

    def _look(self) -> None:
        """Some child has ended: see which."""
        for key, child in list(self._children.items()):
            if posix.has_ended(child.process):
                del self._children[key]
                task = asyncio.create_task(child.reap())
                self._reaping.add(task)
                task.add_done_callback(self._reaping.discard)


def main() -> None:
    """Guard, with the pid of the process that started this one as the only argument."""
    posix.die_with_parent(int(sys.argv[1]))
    asyncio.run(Guardian().run())


if __name__ == "__main__":
    main()
