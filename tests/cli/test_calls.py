"""How a queen that serves is told to end."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys

import pytest

from queenlib.cli.calls import Call, Calls

HELD = """
import asyncio
from queenlib.cli.calls import Lifeline
async def main():
    lifeline = Lifeline.held()
    print("ready", flush=True)
    print((await lifeline.ended()).name)
asyncio.run(main())
"""


@pytest.mark.parametrize(("number", "call"), [(signal.SIGTERM, Call.DRAIN), (signal.SIGINT, Call.NOW)])
async def test_the_first_signal_says_how(number: signal.Signals, call: Call) -> None:
    """SIGTERM lets jobs end, an interrupt does not; whoever asks again is told the same."""
    before = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        calls = Calls()
        os.kill(os.getpid(), number)
        async with asyncio.timeout(20):
            assert await calls.first() is call
            assert await calls.first() is call
        assert [signal.getsignal(each) for each in before] == [signal.SIG_DFL] * 2  # the next one ends this process
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


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
