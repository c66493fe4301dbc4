"""How a process ended."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from queenlib.errors import WorkerDied
from queenlib.hives.posix import signal_name

_NO_MEMORY = re.compile(
    r"out of memory|(failed|unable) to allocate|cannot allocate|bad_alloc|out_?of_?\w*memory|ENOMEM", re.I
)
LESS_MEMORY = (
    "It looks as if memory ran out: spawn it with a smaller context= or fewer slots=, take a smaller model, "
    "or stop what is idle: await queen.workers.stop(idle=True)"
)
"""What to do about it."""


def no_memory(lines: Iterable[str]) -> bool:
    """Whether a program's own words say that it got no memory."""
    return any(_NO_MEMORY.search(line) for line in lines)


@dataclass(frozen=True)
class Exit:
    """The end of a process."""

    code: int | None
    """Its exit code; `None` if a signal ended it or nobody knows."""
    signal: str | None
    """The signal that ended it, such as `SIGKILL`."""
    last_lines: tuple[str, ...] = ()
    """The end of what it wrote, at most 50 lines."""
    note: str = ""
    """What else is known about it, such as that its guardian ended."""

    @classmethod
    def of(cls, returncode: int | None) -> Self:
        """An end as Python tells it: a negative code is a signal."""
        if returncode is not None and returncode < 0:
            return cls(None, signal_name(-returncode))
        return cls(returncode, None)

    def describe(self) -> str:
        """How it ended, in a few words, such as `killed by SIGKILL (out of memory?)`."""
        if self.note:
            return self.note
        if self.signal == "SIGKILL":
            return "killed by SIGKILL (the system does that when memory runs out)"
        return f"killed by {self.signal}" if self.signal else f"exit code {self.code}"

    @property
    def out_of_memory(self) -> bool:
        """Whether it looks as if memory ran out: it said so, or was killed as the system does it then."""
        return no_memory(self.last_lines) or (self.signal == "SIGKILL" and not self.note)

    def error(self, worker: str, doing: str) -> WorkerDied:
        """The error for whoever needed it.

        Args:
            worker: Its worker's id.
            doing: When it ended, such as `while it generated`.
        """
        look = f"Read the end of its log in error.last_lines; look: await queen.workers.get({worker!r})"
        last = f" Its last words: {self.last_lines[-1]}" if self.last_lines else ""
        return WorkerDied(
            f"Worker {worker} ended {doing}: {self.describe()}.{last}",
            why="Its process ended by itself or somebody killed it.",
            state="What it had generated is kept; the hive goes on without it.",
            next=f"{LESS_MEMORY}. {look}" if self.out_of_memory else look,
            exit_code=self.code,
            signal=self.signal,
            last_lines=list(self.last_lines),
            out_of_memory=self.out_of_memory,
        )
