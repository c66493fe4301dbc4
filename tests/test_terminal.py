"""A job on a terminal: its answer apart from all else, and never a foreign escape."""

from __future__ import annotations

from pathlib import Path

import pytest

from queenlib.errors import InternalError, WorkerDied
from queenlib.messages.status import Check, CheckReport
from queenlib.terminal import Terminal
from tests.cli.program import on_terminal, run

MANY_ESCAPES = "sim:echo?text=%1b%5b31mred%07%0d%e2%80%ae%0aline"


def test_escapes_never_reach_a_terminal(tmp_path: Path) -> None:
    """Escapes in an answer and in a model's name are shown as text; line ends stay."""
    code, said = on_terminal(tmp_path, "infer", "x", "--model", MANY_ESCAPES)
    assert code == 0, said
    assert "\\x1b[31mred\\x07\\r\\u202e\nline\n" in said
    assert "\x1b[31mred" not in said
    assert "\x07" not in said
    assert "\u202e" not in said


def test_thoughts_stand_beside_the_answer(tmp_path: Path) -> None:
    """What a model thinks before it answers goes to standard error, on a line of its own."""
    done = run(tmp_path, "infer", "x", "--model", "sim:echo?text=answer&reasoning=3")
    assert (done.returncode, done.stdout) == (0, "answer\n")
    assert done.stderr.endswith("let me think \n"), done.stderr


def test_an_answer_with_its_own_line_end_gets_no_other(tmp_path: Path) -> None:
    """The shell's prompt never stands behind an answer, and no empty line is added."""
    assert run(tmp_path, "infer", "x", "--model", "sim:echo?text=a%0a").stdout == "a\n"
    assert run(tmp_path, "infer", "x", "--model", "sim:echo?text=a").stdout == "a\n"


def test_names_are_no_markup(tmp_path: Path) -> None:
    """Brackets and colons in what is told are themselves, neither colours nor emoji."""
    done = run(tmp_path, "infer", "x", "--timings", "--model", "sim:echo?text=[red]:bee:")
    assert done.stdout == "[red]:bee:\n"
    assert done.stderr.count("sim:echo?text=[red]:bee:") >= 3


def test_a_narrow_alphabet_is_enough(tmp_path: Path) -> None:
    """Where standard output knows ASCII only, other characters are written as their numbers."""
    done = run(tmp_path, "infer", "x", "--model", "sim:echo?text=%C3%A9%F0%9F%90%9D", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stdout) == (0, "\\xe9\\U0001f41d\n")


def test_an_error_shows_all_its_parts(capsys: pytest.CaptureFixture[str]) -> None:
    """An error's four parts and the last words of the process that failed, with escapes made visible."""
    Terminal().error(WorkerDied("a \x1b[1m died", why="b", state="c", next="d", last_lines=["e \x1b[2J", "f"]))
    assert capsys.readouterr().err.splitlines() == [
        "WorkerDied: a \\x1b[1m died", "  why: b", "  state: c", "  next: d", "  | e \\x1b[2J", "  | f",
    ]  # fmt: skip


def test_a_defect_shows_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    """What is to be reported is there: the remote traceback, line by line."""
    Terminal().error(InternalError("a", remote_traceback="Traceback\n  one\n"))
    assert capsys.readouterr().err.splitlines() == ["InternalError: a", "  | Traceback", "  |   one"]


def test_a_report_is_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    """A self-test's findings are lines under each other, with what to do below what is not well."""
    well = Check(name="disk", ok=True, detail="fine")
    ill = Check(name="engine", ok=False, detail="none", remedy="get one")
    Terminal().report("queen", CheckReport(ok=False, checks=(well, ill)))
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out.splitlines() == [
        "ok      queen: disk           fine",
        "NOT OK  queen: engine         none",
        "                              get one",
    ]
