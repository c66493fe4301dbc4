"""What the commands about a queen say of her."""

from __future__ import annotations

import pytest

from queenlib.cli.homes import Waiting, jobs


def test_jobs_are_counted_in_words() -> None:
    """None, one, many, and what cannot be known."""
    assert jobs({}) == "no unfinished job"
    assert jobs({"running": 1, "waiting": 0}) == "1 unfinished job (1 running)"
    assert jobs({"running": 2, "queued\x1b": 1}) == "3 unfinished jobs (2 running, 1 queued\\x1b)"
    assert jobs(None) == "jobs that cannot be told from here"


def test_what_is_waited_for_is_said_if_there_is_anything(capsys: pytest.CaptureFixture[str]) -> None:
    """Beside the output; nothing is said of nothing, unless something was before it."""
    waiting = Waiting("lets her jobs end")
    waiting({})
    assert capsys.readouterr() == ("", "")
    waiting({"running": 1})
    waiting({})
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "· lets her jobs end: 1 unfinished job (1 running)\n· lets her jobs end: no unfinished job\n"
