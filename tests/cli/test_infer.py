"""`queenlib infer`: the answer alone is standard output."""

from __future__ import annotations

from pathlib import Path

from tests.cli.program import run
from tests.conftest import CACHED_HOME


def test_the_answer_alone_is_standard_output(tmp_path: Path) -> None:
    """Standard output is the answer and a line end; what happened on the way is on standard error."""
    done = run(tmp_path, "infer", "x", "--model", "sim:echo?text=a%20b")
    assert (done.returncode, done.stdout) == (0, "a b\n")
    assert "ready after" in done.stderr


def test_a_dash_is_standard_input(tmp_path: Path) -> None:
    """`-` reads the prompt from standard input, whole, as UTF-8."""
    done = run(tmp_path, "infer", "-", "--model", "sim:echo", given="Grüße,\nzwei Zeilen")
    assert (done.returncode, done.stdout) == (0, "Grüße,\nzwei Zeilen\n"), done.stderr


def test_standard_input_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 are a command line that does not fit."""
    done = run(tmp_path, "infer", "-", given=b"\xff\xfe")
    assert (done.returncode, done.stdout) == (2, "")
    assert "not UTF-8" in done.stderr


def test_an_answer_that_was_cut_off_says_so(tmp_path: Path) -> None:
    """An answer that `--max-tokens` cut off says so beside it, and how to get more; a whole one says nothing."""
    cut = run(tmp_path, "infer", "x", "--model", "sim:words?tokens=20", "--max-tokens", "5")
    assert (cut.returncode, len(cut.stdout.split())) == (0, 5)
    assert "cut off after 5 tokens: --max-tokens 10" in cut.stderr
    whole = run(tmp_path, "infer", "x", "--model", "sim:words?tokens=20")
    assert "cut off" not in whole.stderr


def test_parameters_arrive(tmp_path: Path) -> None:
    """The same seed gives the same answer, another one another."""
    line = ("infer", "x", "--model", "sim:words?tokens=12", "--temperature", "0.9", "--system", "be brief")
    first, again, other = (run(tmp_path, *line, "--seed", seed).stdout for seed in ("7", "7", "8"))
    assert first == again != other


def test_the_demo_model_is_called_one(real_model_path: Path) -> None:
    """Whoever names no model is told that the answer is the demo model's."""
    assert real_model_path.is_relative_to(CACHED_HOME)
    done = run(CACHED_HOME, "infer", "Hello!", "--max-tokens", "3", "--seed", "1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    assert "smollm2-135m is a plumbing demo" in done.stderr
