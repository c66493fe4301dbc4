"""A program that leaves a queen open in some way and ends.

It prints the processes that it had below it, and in the very end how many of its queens were still open then.

`python leaving.py HOME HOW`: HOW is one of the functions below.
"""

import asyncio
import atexit
import contextlib
import os
import sys
import threading
from collections.abc import Callable

import psutil

from queenlib import Job, Queen
from queenlib.client.portal import Portal
from queenlib.errors import QueenClosed
from queenlib.messages.infer import InferResult

PORTALS: list[Portal] = []
BUSY = "sim:words?tokens=100000&tokens_per_s=50"


def busy(queen: Queen) -> Job[InferResult]:
    """A job of this queen that generates; says which processes there are."""
    PORTALS.append(queen.portal)
    job = queen.infer("Count.", model=BUSY)
    next(event for event in job if event.type == "token")
    sys.stdout.write(" ".join(str(process.pid) for process in psutil.Process().children(recursive=True)) + "\n")
    sys.stdout.flush()
    return job


def tell() -> None:
    """Say how many are open; registered first, it is called last."""
    sys.stdout.write(f"{sum(portal.open for portal in PORTALS)}\n")


def raised(home: str) -> None:
    """The program fails."""
    busy(Queen(home))
    raise ValueError("the program's own")


def thread(home: str) -> None:
    """The queen was made and used in a thread, which has ended."""
    work = threading.Thread(target=lambda: busy(Queen(home)))
    work.start()
    work.join()


def loop(home: str) -> None:
    """The queen was made and used on a loop that is closed, with a stream and a result still waited for."""

    async def main() -> None:
        queen = Queen(home)
        job = busy(queen)
        waiting = asyncio.create_task(job.result())
        async for event in queen.jobs.stream(job.id):
            if event.type == "token":
                break
        assert not waiting.done()

    asyncio.run(main())


def dropped(home: str) -> None:
    """Nobody holds the queen any more, nor the stream that was begun."""
    stream = iter(busy(Queen(home)))
    next(stream)


def reader(home: str) -> None:
    """A thread still reads, and another waits."""
    job = busy(Queen(home))

    def wait() -> None:
        with contextlib.suppress(QueenClosed):
            job.wait()

    threading.Thread(target=lambda: list(job), daemon=True).start()
    threading.Thread(target=wait, daemon=True).start()


def forked(home: str) -> None:
    """A forked process has used a queen of its own, and found this one closed; it ends like any program."""
    queen = Queen(home)
    job = busy(queen)
    child = os.fork()
    if child == 0:
        assert queen.closed
        queen.close()
        with Queen(f"{home}/of-the-child") as own:
            assert [hive.id for hive in own.hives.list().wait(30).hives] == ["local"]
        PORTALS.clear()
        sys.exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert not queen.closed
    assert not job.record.state.ended


WAYS: dict[str, Callable[[str], None]] = {way.__name__: way for way in (raised, thread, loop, dropped, reader, forked)}

if __name__ == "__main__":
    atexit.register(tell)
    WAYS[sys.argv[2]](sys.argv[1])
