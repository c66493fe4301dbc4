"""`queenlib up`: a queen in the background, whoever asks for her how often."""

from __future__ import annotations

import socket
from pathlib import Path

from queenlib import Queen
from tests.cli.program import run
from tests.client.others import other
from tests.client.outliving import alive, ended, of_another_version, pid_of, until


def test_she_is_there_and_says_how_she_ends(tmp_path: Path) -> None:
    """The first time she is started, the second time she is there already; a program joins her."""
    with ended(tmp_path):
        first = run(tmp_path, "up", "--idle-exit", "1800")
        pid = pid_of(tmp_path)
        assert (first.returncode, first.stderr) == (0, "")
        assert first.stdout.startswith("The queen is in the background, at http://127.0.0.1:")
        assert f"(process {pid}, queenlib " in first.stdout
        assert f"told to: queenlib down --home {tmp_path}, or by herself after 30 quiet minutes\n" in first.stdout
        again = run(tmp_path, "up", "--port", "1")
        assert again.stdout == first.stdout.replace("The queen is in", "The queen is already in")
        assert "on another: queenlib restart --port 1" in again.stderr
        with Queen(tmp_path) as queen:
            assert queen.sync.info().pid == pid
        assert alive(pid)


def test_a_port_that_is_taken_is_an_error(tmp_path: Path) -> None:
    """In its parts, and nobody is there afterwards."""
    with socket.create_server(("127.0.0.1", 0)) as taken, ended(tmp_path):
        port = taken.getsockname()[1]
        done = run(tmp_path, "up", "--port", str(port))
    assert (done.returncode, done.stdout) == (1, "")
    assert f"Port {port}" in done.stderr
    assert run(tmp_path, "status").returncode == 3


def test_a_home_that_cannot_be_made_is_told_with_the_option(tmp_path: Path) -> None:
    """How another is said on the command line too, not only in a program."""
    (tmp_path / "file").write_text("no folder")
    done = run(tmp_path, "up", "--home", str(tmp_path / "file" / "home"))
    assert (done.returncode, done.stdout) == (1, "")
    assert "  next: Give another folder: queenlib up --home /path, " in done.stderr


def test_a_program_that_has_the_home_is_named(tmp_path: Path) -> None:
    """She who is part of it would end with it: that is no queen in the background."""
    with other(tmp_path) as program:
        until(lambda: (tmp_path / "queen.json").exists())
        done = run(tmp_path, "up")
        assert (done.returncode, done.stdout) == (1, "")
        assert f"part of another program: process {program.process.pid}" in done.stderr


def test_one_of_another_version_is_to_be_restarted(tmp_path: Path) -> None:
    """The line that does it is there, and no traceback."""
    with of_another_version(tmp_path):
        done = run(tmp_path, "up")
    assert (done.returncode, done.stdout) == (1, "")
    assert "next: queenlib restart --when-idle" in done.stderr
    assert "Traceback" not in done.stderr
