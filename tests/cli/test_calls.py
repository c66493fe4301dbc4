"""How a queen that serves is told to end."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from queenlib.cli.calls import SIGNALS, Call, Calls

HELD = """
import asyncio
from queenlib.cli.calls import Lifeline
async def main():
    lifeline = Lifeline.held()
    print("ready", flush=True)
    print((await lifeline.ended()).name)
asyncio.run(main())
"""


@contextmanager
def handlers_kept() -> Iterator[None]:
    """Whatever the signals do in here, this process handles them afterwards as before."""
    before = {each: signal.getsignal(each) for each in SIGNALS}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@pytest.mark.parametrize(("number", "call"), SIGNALS.items())
async def test_the_first_signal_says_how(number: signal.Signals, call: Call) -> None:
    """SIGTERM lets jobs end, an interrupt and the end of the terminal do not; whoever asks again is told the same."""
    with handlers_kept():
        calls = Calls()
        os.kill(os.getpid(), number)
        async with asyncio.timeout(20):
            assert await calls.first() is call
            assert await calls.first() is call
        fatal = [signal.getsignal(each) is signal.SIG_DFL for each in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)]
        assert fatal == [True, True, call is not Call.DRAIN]  # the next one ends this process


async def test_an_interrupt_while_jobs_end_is_a_hurry() -> None:
    """It is told; one more ends the process."""
    with handlers_kept():
        calls = Calls()
        os.kill(os.getpid(), signal.SIGTERM)
        async with asyncio.timeout(20):
            assert await calls.first() is Call.DRAIN
            os.kill(os.getpid(), signal.SIGINT)
            await calls.hurried()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL


async def test_what_is_ignored_stays_so() -> None:
    """`nohup` means what it says."""
    with handlers_kept():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        Calls()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


@pytest.mark.parametrize("said", ["", "x" * 100_000])
def test_the_end_of_the_input_is_the_end_of_the_lifeline(said: str) -> None:
    """It holds as long as somebody holds it, whatever he writes on it."""
    with subprocess.Popen([sys.executable, "-c", HELD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        assert process.stdin is not None
        process.stdin.write(said)
        process.stdin.flush()
        assert process.poll() is None
        process.stdin.close()
        assert process.stdout.read() == "ORPHANED\n"
        assert process.wait(20) == 0


def test_where_there_is_no_input_nobody_holds_a_lifeline() -> None:
    """An input that cannot be waited for is no life."""
    command = [sys.executable, "-c", HELD]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "ready\nORPHANED\n"
