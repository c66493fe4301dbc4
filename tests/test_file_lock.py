"""The lock on a file: one holder, between processes and within one, and none when that one is gone."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier

import psutil
import pytest

from queenlib.file_lock import FileLock

HOLDER = """
import sys
from pathlib import Path
from queenlib.file_lock import FileLock
lock = FileLock(Path(sys.argv[1]))
print(lock.try_take(), flush=True)
sys.stdin.read()
"""
"""Tries to take it, says whether it could, and ends with its input."""

PARENT = """
import os, subprocess, sys
from pathlib import Path
from queenlib.file_lock import FileLock
lock = FileLock(Path(sys.argv[1]))
assert lock.try_take()
how = sys.argv[2]
if how == "fork":
    ours, its = os.pipe()
    child = os.fork()
    if not child:
        os.write(its, b"x")
        os.read(0, 1)
        os._exit(0)
    os.read(ours, 1)  # the child has begun: until then it may share what its parent has
else:
    child = subprocess.Popen(["sleep", "600"], close_fds=how == "closed").pid
print(child, flush=True)
os.read(0, 1)
"""
"""Takes it, starts a child that lives on, says which, and waits."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that is not there."""
    return tmp_path / "lock"


def take(path: Path) -> FileLock:
    """A lock that is held."""
    lock = FileLock(path)
    assert lock.try_take()
    return lock


def free(path: Path) -> bool:
    """Whether nobody has it."""
    lock = FileLock(path)
    try:
        return lock.try_take()
    finally:
        lock.release()


@contextmanager
def program(code: str, *args: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A program, and the first line that it said; killed in the end."""
    with subprocess.Popen(
        [sys.executable, "-c", code, *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def test_one_object_holds_it_at_a_time(path: Path) -> None:
    """A second object in the same process does not get it, and does not free it by failing or by letting go."""
    first, second = take(path), FileLock(path)
    for _ in range(3):
        assert not second.try_take()
        second.release()
    assert not free(path)
    first.release()
    assert second.try_take()
    assert not first.try_take()
    second.release()
    assert free(path)


def test_to_take_what_one_has_is_to_have_it(path: Path) -> None:
    """Taken twice by the same object it is held once: one release frees it."""
    lock = take(path)
    assert lock.try_take()
    lock.release()
    assert free(path)


def test_to_release_twice_is_to_release_once(path: Path) -> None:
    """Also when another has it by then, or it was never held; and it can be taken again."""
    FileLock(path).release()
    assert not path.exists()
    first = take(path)
    first.release()
    second = take(path)
    first.release()
    assert not free(path)
    second.release()
    second.release()
    assert first.try_take()
    first.release()


def test_a_release_closes_its_own_handle_only(path: Path, tmp_path: Path) -> None:
    """Whoever has got the number of a handle since keeps it, however often the lock is released."""
    lock = take(path)
    lock.release()
    with (tmp_path / "other").open("wb") as other:  # it gets the number that is free now
        lock.release()
        os.fstat(other.fileno())


def test_tries_that_fail_leave_no_handle(path: Path) -> None:
    """Whoever asks a thousand times for what another has opens no file that stays open."""
    lock = take(path)
    before = psutil.Process().num_fds()
    for _ in range(1000):
        assert not FileLock(path).try_take()
    assert psutil.Process().num_fds() == before
    lock.release()
    assert psutil.Process().num_fds() == before - 1


def test_of_many_threads_one_gets_it(path: Path) -> None:
    """Each with an object of its own, all at once, again and again."""
    with ThreadPoolExecutor(8) as threads:
        for _ in range(50):
            barrier, locks = Barrier(8), [FileLock(path) for _ in range(8)]

            def race(lock: FileLock, barrier: Barrier = barrier) -> bool:
                barrier.wait(30)
                return lock.try_take()

            assert sum(threads.map(race, locks)) == 1
            for lock in locks:
                lock.release()


def test_one_process_holds_it_at_a_time(path: Path) -> None:
    """Between two processes as within one, both ways."""
    lock = take(path)
    with program(HOLDER, str(path)) as (_, said):
        assert said == "False"
    lock.release()
    with program(HOLDER, str(path)) as (process, said):
        assert said == "True"
        assert not free(path)
        process.communicate(timeout=20)
        assert free(path)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGABRT])
def test_it_ends_with_its_process_however_that_ends(path: Path, number: signal.Signals) -> None:
    """A process that is killed holds nothing as soon as it is gone."""
    with program(HOLDER, str(path)) as (process, said):
        assert said == "True"
        process.send_signal(number)
        assert process.wait(20) == -number
        assert free(path)


@pytest.mark.parametrize("how", ["fork", "open", "closed"])
def test_a_child_that_lives_on_does_not_hold_it(path: Path, how: str) -> None:
    """A forked process or a started one has no share in it, and neither frees it: it is its parent's, and dies with it."""
    with program(PARENT, str(path), how) as (process, child):
        try:
            assert not free(path)
            process.send_signal(signal.SIGKILL)
            process.wait(20)
            assert free(path)
            os.kill(int(child), 0)  # it is there still
        finally:
            os.kill(int(child), signal.SIGKILL)


def test_a_forked_process_may_take_it_for_itself(path: Path) -> None:
    """What it inherited it does not have: it is refused while its parent holds it, and gets it after."""
    code = """
import os, sys
from pathlib import Path
from queenlib.file_lock import FileLock
lock = FileLock(Path(sys.argv[1]))
assert lock.try_take()
ours, its = os.pipe()
if not os.fork():
    os.write(its, b"got it" if lock.try_take() else b"refused")
    sys.stdin.readline()
    print(lock.try_take(), flush=True)
    os._exit(0)
said = os.read(ours, 9).decode()
lock.release()
print(said, flush=True)
os.wait()
"""
    with program(code, str(path)) as (process, said):
        assert said == "refused"
        assert process.communicate("go\n", timeout=20)[0].strip() == "True"


def test_the_file_stays_and_is_empty(path: Path) -> None:
    """It is its owner's alone; it is the same file after each release, and what stood in it is not touched."""
    lock = take(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    number = path.stat().st_ino
    lock.release()
    assert (path.stat().st_size, path.stat().st_ino) == (0, number)
    path.write_text("what is this?")
    take(path).release()
    assert path.read_text() == "what is this?"


def test_one_that_is_dropped_is_held_until_its_process_ends(path: Path) -> None:
    """Nobody loses it because the garbage was collected."""
    code = "import sys; from pathlib import Path; from queenlib.file_lock import FileLock\n"
    code += "print(FileLock(Path(sys.argv[1])).try_take(), flush=True)\nsys.stdin.read()"
    with program(code, str(path)) as (process, said):
        assert said == "True"
        assert not free(path)
        process.communicate(timeout=20)
    assert free(path)


def test_a_file_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    """It is an error of the system, not a lock that somebody else has; and nothing is held."""
    lock = FileLock(tmp_path / "none" / "lock")
    with pytest.raises(FileNotFoundError):
        lock.try_take()
    lock.release()
    with pytest.raises(IsADirectoryError):
        FileLock(tmp_path).try_take()
    (tmp_path / "none").mkdir()
    assert lock.try_take()
    lock.release()
