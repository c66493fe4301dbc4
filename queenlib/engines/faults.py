"""What can be wrong with a worker, in words."""

from __future__ import annotations

import json
from typing import Any

from queenlib.errors import NotAsked, WorkerDied, WorkerProtocol, WorkerStalled

LOOK = "Look at the worker: await queen.workers.get({name!r})"


def died(name: str, why: str, *, listening: bool = True) -> WorkerDied:
    """The line to a worker broke; how its process ended is for its hive to say.

    Args:
        name: The worker.
        why: What was seen.
        listening: Whether something still took a connection: only a worker that does not is gone for certain.
    """
    return WorkerDied(
        f"Worker {name} does not answer any more.",
        why=f"{why[:1].upper()}{why[1:]}.",
        state="What it had generated is kept.",
        next=LOOK.format(name=name),
        exit_code=None,
        signal=None,
        listening=listening,
    )


def stalled(name: str, silent_s: float, state: str = "What it had generated is kept.") -> WorkerStalled:
    """A worker gave nothing for `silent_s` seconds. Its field `stopped` says whether it has provably stopped since."""
    return WorkerStalled(
        f"Worker {name} gave nothing for {silent_s:g} s.",
        why="Its process is there and does not answer; it may be stopped, or its machine may be overloaded.",
        state=state,
        next=LOOK.format(name=name),
        silent_s=silent_s,
        stopped=True,
    )


def not_asked(name: str, why: str) -> NotAsked:
    """The queen has not what it takes to ask a worker, such as a file descriptor."""
    return NotAsked(
        f"Worker {name} could not be asked.",
        why=f"The queen's process has too little to open a connection: {why}.",
        state="What it had generated is kept.",
        next="Close what holds her connections, or raise the limit before she starts: ulimit -n 4096",
    )


def protocol(name: str, why: str) -> WorkerProtocol:
    """A worker said something that is not its protocol."""
    return WorkerProtocol(
        f"Worker {name} said something that is not its protocol.",
        why=f"{why[:1].upper()}{why[1:]}.",
        state="What it had generated before is kept; nothing of this was.",
        next=LOOK.format(name=name),
    )


def decode(name: str, text: str) -> Any:
    """JSON from a worker.

    Raises:
        WorkerProtocol: It is none.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise protocol(name, f"it is no JSON: {error}") from None
