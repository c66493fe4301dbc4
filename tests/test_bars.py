"""Progress: bars where somebody looks, lines where nobody does."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from queenlib.bars import LINE_EVERY_S, LONG_PROMPT, Bars, worth_it
from queenlib.messages.events import Progress
from queenlib.world import World
from tests.cli.program import on_terminal, run


def test_a_terminal_sees_bars(tmp_path: Path, real_model_path: Path) -> None:
    """On a terminal bytes are shown by a bar; the cursor that it hides is back at the end."""
    code, said = on_terminal(tmp_path, "infer", "Hello!", "--max-tokens", "2", "--model", f"file:{real_model_path}")
    assert code == 0, said
    assert "━" in said
    assert "98.4/98.4 MB" in said
    assert "· verify …" in said  # the end of a long name, so that there is room
    assert said.count("\x1b[?25l") == said.count("\x1b[?25h") == 1
    assert said.index("98.4/98.4 MB") < said.index("ready after")


def test_elsewhere_progress_is_lines(tmp_path: Path, real_model_path: Path) -> None:
    """Where there is no terminal, progress in bytes is a line when it is done, without bars or escapes."""
    done = run(tmp_path, "infer", "Hello!", "--max-tokens", "2", "--model", f"file:{real_model_path}")
    assert done.returncode == 0, done.stderr
    assert ": 98.4 MB of 98.4 MB\n" in done.stderr
    assert "━" not in done.stderr
    assert "\x1b" not in done.stderr


class Clock(World):
    """A world whose clock is set by hand."""

    seconds = 0.0

    def monotonic(self) -> float:
        """What it was set to."""
        return Clock.seconds


def test_lines_are_not_many() -> None:
    """Without a terminal the same progress is told again only after a while, and when it is done."""
    file = io.StringIO()
    shown = Bars(Console(file=file), Clock())
    for step in range(100):
        Clock.seconds = step * LINE_EVERY_S / 10
        shown.show(Progress(what="download x", done=step * 1_000_000, total=99_000_000, unit="bytes"))
    shown.close()
    lines = file.getvalue().splitlines()
    assert len(lines) == 10
    assert lines[0] == "· download x: 10.0 MB of 99.0 MB"
    assert lines[-1] == "· download x: 99.0 MB of 99.0 MB"


def test_an_unknown_total_is_told_as_one() -> None:
    """Where nobody knows how much there is, a line says how much has come."""
    file = io.StringIO()
    shown = Bars(Console(file=file), Clock())
    for Clock.seconds in (0.0, LINE_EVERY_S):
        shown.show(Progress(what="download x", done=2_500_000, total=None, unit="bytes"))
    assert file.getvalue() == "· download x: 2.5 MB of ?\n"


def test_only_what_takes_long_is_shown() -> None:
    """Bytes and long prompts are worth a bar; steps, loads and short prompts, which are over at once, are not."""
    assert worth_it(Progress(what="download x", done=0, total=None, unit="bytes"))
    assert worth_it(Progress(what="prompt", done=0, total=LONG_PROMPT, unit="tokens"))
    assert not worth_it(Progress(what="prompt", done=0, total=LONG_PROMPT - 1, unit="tokens"))
    assert not worth_it(Progress(what="load x", done=0, total=9, unit="bytes"))
    assert not worth_it(Progress(what="load x", done=0, total=9, unit="steps"))
