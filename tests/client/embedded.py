"""A program that holds an embedded queen, brings a worker into a state, says so, and waits to be killed.

The end of its input ends it as well.

`python embedded.py HOME STATE MODEL`: STATE is `starting`, `loading`, `busy`, `stopped` or `exits`.
"""

import os
import signal
import sys

import psutil

from queenlib import Queen
from queenlib.messages.events import TokenEvent


def main(home: str, state: str, model: str) -> None:
    """Reach the state, print the pids of all processes below this one, and wait."""
    queen, started = Queen(home), list[psutil.Process]()
    job = queen.infer("Count to a thousand.", model=model, max_tokens=2000)
    if state == "starting":
        while len(started := below()) < 2:  # the guardian, and the worker's process, which has not said anything yet
            pass
    elif state == "loading":
        next(event for event in job if event.type == "progress" and event.data.what.startswith("load"))
    else:
        next(event for event in job if isinstance(event, TokenEvent))
    if state == "stopped":
        for process in below():
            os.kill(process.pid, signal.SIGSTOP)
    sys.stdout.write(" ".join(str(process.pid) for process in started or below()) + "\n")
    sys.stdout.flush()
    if state != "exits":
        sys.stdin.read()  # not for ever: a test that is killed itself leaves nothing of this


def below() -> list[psutil.Process]:
    """All processes below this one."""
    return psutil.Process().children(recursive=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
