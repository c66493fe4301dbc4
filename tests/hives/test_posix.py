"""What only POSIX has."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from queenlib.hives import posix

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has the kernel's lifeline")


def sleeper(code: str = "import time; time.sleep(60)") -> subprocess.Popen[bytes]:
    """A process in a group of its own."""
    return subprocess.Popen([sys.executable, "-c", code], start_new_session=True, stdout=-1)


@pytest.mark.parametrize(("number", "name"), [(9, "SIGKILL"), (int(signal.SIGSEGV), "SIGSEGV"), (4711, "signal 4711")])
def test_signal_names(number: int, name: str) -> None:
    """A signal is told by its name; one without a name by its number."""
    assert posix.signal_name(number) == name


def test_groups_are_killed_whole() -> None:
    """Killing a group takes the children of its leader along; a group that is gone is no error."""
    code = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); print(1)"
    with sleeper(f"{code}; sys.stdout.flush(); time.sleep(60)") as leader:
        assert leader.stdout
        leader.stdout.readline()
        posix.kill_group(leader.pid)
        assert leader.wait() == -signal.SIGKILL
        assert leader.stdout.read() == b"", "its child holds the pipe until it ends"
    posix.kill_group(leader.pid)


def test_looking_does_not_reap() -> None:
    """Whether a child has ended can be asked often, and its exit code is still there."""
    with sleeper("import os; os._exit(7)") as child:
        assert child.stdout
        child.stdout.read()
        while not posix.has_ended(child):
            pass
        assert posix.has_ended(child)
        assert child.wait() == 7
    with sleeper() as child:
        assert not posix.has_ended(child)
        child.kill()


@LINUX
@pytest.mark.parametrize("stopped", [False, True])
def test_kernel_kills_with_the_parent(stopped: bool) -> None:
    """A process that asked for it is killed when its parent is, even while it is stopped."""
    child = "import os, sys, time; from queenlib.hives import posix; posix.die_with_parent(int(sys.argv[1])); "
    child += "os.write(1, b'%d\\n' % os.getpid()); time.sleep(60)"
    parent = f"import os, subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}, str(os.getpid())])"
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE) as top:
        assert top.stdout
        pid = int(top.stdout.readline())
        if stopped:
            os.kill(pid, signal.SIGSTOP)
        top.kill()
        assert top.stdout.read() == b"", "the pipe ends when the child is gone"


@LINUX
def test_orphans_end_at_once() -> None:
    """A process whose parent is not the one that it was told ends at once."""
    code = "from queenlib.hives import posix; posix.die_with_parent(1); print('still here')"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (ended.returncode, ended.stdout) == (1, b"")
