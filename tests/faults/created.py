"""A program that creates a job and is killed in the very next instruction.

`python created.py HOME HOW KEY`: HOW is one of the functions below.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable

from queenlib import Queen
from queenlib.messages.parse import parse_operation

PAYLOAD = {"operation": "infer", "prompt": "the last words", "model": "sim:words?tokens=8&tokens_per_s=400"}


def called(queen: Queen, key: str) -> None:
    """By the call of an operation."""
    queen.infer("the last words", model=PAYLOAD["model"], key=key)
    os.kill(os.getpid(), signal.SIGKILL)


def blocking(queen: Queen, key: str) -> None:
    """By the blocking twin of `create`."""
    queen.sync.jobs.create(PAYLOAD, key=key)
    os.kill(os.getpid(), signal.SIGKILL)


def awaited(queen: Queen, key: str) -> None:
    """By `create`, on a loop of the program's own."""

    async def main() -> None:
        await queen.jobs.create(parse_operation(PAYLOAD), key=key)
        os.kill(os.getpid(), signal.SIGKILL)

    asyncio.run(main())


WAYS: dict[str, Callable[[Queen, str], None]] = {way.__name__: way for way in (called, blocking, awaited)}

if __name__ == "__main__":
    home, how, key = sys.argv[1:]
    WAYS[how](Queen(home), key)
