"""Another process with a queen of its own, told what to do line by line.

`python others.py` reads lines of JSON, `[verb, …]`, each one of `VERBS` with its arguments, and answers each with one line
of JSON: what came of it, or `{"error": kind}`. It says `"ready"` first. The end of its input ends it like any program.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from queenlib import Queen
from queenlib.errors import QueenError
from queenlib.registry.limits import Limits

QUEEN: list[Queen] = []


def take(home: str, running: int = 1000) -> str:
    """Open a home, and say who answers there."""
    QUEEN[:] = [Queen(home, limits=Limits(running=running))]
    return repr(QUEEN[0])


def close() -> None:
    """Close it."""
    QUEEN[0].close()


def infer(model: str, retry: int = 0, key: str | None = None) -> str:
    """The id of a job that generates."""
    return QUEEN[0].infer("Count.", model=model, retry=retry, key=key, max_tokens=2000).id


def answer(job_id: str) -> str:
    """The answer of a job."""
    text: str = QUEEN[0].jobs.attach(job_id).wait(60).text
    return text


VERBS: dict[str, Callable[..., Any]] = {
    "take": take,
    "close": close,
    "infer": infer,
    "answer": answer,
    "who": lambda: repr(QUEEN[0]),
    "jobs": lambda: [record.id for record in QUEEN[0].sync.jobs.list(limit=1000).jobs],
    "state": lambda job_id: QUEEN[0].sync.jobs.get(job_id).state,
}


def main() -> None:
    """Do what is asked for."""
    say("ready")
    for line in sys.stdin:
        verb, *given = json.loads(line)
        try:
            say(VERBS[verb](*given))
        except QueenError as error:
            say({"error": error.kind})


def say(what: Any) -> None:
    """One line of JSON."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


class Other:
    """The other process, from outside."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert self.hear() == "ready"

    def tell(self, verb: str, *given: Any) -> None:
        """Tell it something; what comes of it is to be heard."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps([verb, *given]) + "\n")
        self.process.stdin.flush()

    def hear(self) -> Any:
        """What came of it."""
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def ask(self, verb: str, *given: Any) -> Any:
        """Tell it something, and hear what came of it."""
        self.tell(verb, *given)
        return self.hear()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal; one that it cannot survive has ended it when this returns."""
        os.kill(self.process.pid, number)
        if number is signal.SIGKILL:
            self.process.wait(20)


@contextmanager
def other(home: Path | None = None, running: int = 1000) -> Iterator[Other]:
    """Another process, which opens this home; killed in the end."""
    with subprocess.Popen(
        [sys.executable, "-W", "error", __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            made = Other(process)
            if home is not None:
                made.ask("take", str(home), running)
            yield made
        finally:
            process.kill()


if __name__ == "__main__":
    main()
