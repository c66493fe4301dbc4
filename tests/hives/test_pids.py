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


def test_who_listens_is_known_and_may_be_told() -> None:
    """Of two processes the one that listens is it; it is seen how it was started, and only it is sent a signal."""
    code = "import socket, time; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True)"
    with subprocess.Popen([sys.executable, "-c", code + "; time.sleep(60)"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port, pid = int(process.stdout.readline()), Pid.of(process.pid)
        assert pid.listens(port)
        assert not Pid.of(os.getpid()).listens(port)
        assert "create_server" in pid.command()
        assert not Pid(process.pid, 1.0).signal(signal.SIGTERM)
        assert pid.signal(signal.SIGTERM)
        assert process.wait(20) == -signal.SIGTERM
    assert (pid.listens(port), pid.command(), pid.signal(signal.SIGTERM)) == (False, "", False)
