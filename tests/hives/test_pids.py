"""Processes that are told apart for certain."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import psutil

from queenlib.hives.pids import Pid


def test_life_of_a_process() -> None:
    """A process is alive until it has ended, stopped or not; one that waits to be reaped is not alive."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True) as process:
        pid = Pid.of(process.pid)
        assert pid.alive()
        os.kill(process.pid, signal.SIGSTOP)
        while psutil.Process(process.pid).status() != psutil.STATUS_STOPPED:
            pass
        assert pid.alive()
        assert pid.stopped()
        pid.kill_group()
        while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
            pass
        assert not pid.alive()
        assert not pid.stopped()
    assert not pid.alive()
    assert not Pid.of(process.pid).alive()


def test_another_one_is_not_it() -> None:
    """A process that has its number and started at another time is not it, and is not killed for it."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True) as process:
        other = Pid(process.pid, 1.0)
        assert not other.alive()
        other.kill_group()
        assert Pid.of(process.pid).alive()
        process.kill()
