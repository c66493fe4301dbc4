"""All that only POSIX has: process groups, the names of signals, and the kernel's own lifeline. Standard library only."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from contextlib import suppress

PR_SET_PDEATHSIG = 1
"""`prctl(2)`: the signal that a process gets when the thread that started it ends; it survives `execve(2)`."""

_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform.startswith("linux") else None  # loaded before any fork


def die_with_parent(parent: int) -> None:
    """On Linux, let the kernel kill this process when `parent` ends, even while this one is stopped; elsewhere nothing.

    Args:
        parent: The pid of the process that started this one; if that is not its parent any more, this process ends now.
    """
    if _LIBC is not None:
        _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def kill_group(leader: int) -> None:
    """Kill a process and all that it has started in its group; does nothing where there is nothing left."""
    with suppress(ProcessLookupError, PermissionError):  # macOS denies it for a group of zombies
        os.killpg(leader, signal.SIGKILL)


def has_ended(child: subprocess.Popen[bytes]) -> bool:
    """Whether a child has ended. Where the system can tell without reaping it, its pid stays its own until it is reaped."""
    if not hasattr(os, "waitid"):
        return child.poll() is not None
    with suppress(ChildProcessError):
        return os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    return True


def signal_name(number: int) -> str:
    """The name of a signal, such as `SIGKILL`."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
