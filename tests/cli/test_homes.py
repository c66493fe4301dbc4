"""What the commands about a queen say of her."""

from __future__ import annotations

import pytest

from queenlib.cli.homes import Waiting, cut_off, jobs
from queenlib.client.reign import Address


def test_jobs_are_counted_in_words() -> None:
    """None, one, many, and what cannot be known."""
    assert jobs({}) == "no unfinished job"
    assert jobs({"running": 1, "waiting": 0}) == "1 unfinished job (1 running)"
    assert jobs({"running": 2, "queued\x1b": 1}) == "3 unfinished jobs (2 running, 1 queued\\x1b)"
    assert jobs(None) == "jobs that cannot be told from here"


def test_what_was_cut_off_is_told_with_the_time_that_it_had() -> None:
    """The shorter of what was asked for and what she gives; none where there was none, or it is not known."""
    hers, older = Address("", 1, "1", grace_s=30.0), Address("", 1, "0")
    assert cut_off(1, hers) == "1 job did not end within 30 s and has failed (queen_closed)"
    assert cut_off(2, hers, grace_s=0.5) == "2 jobs did not end within 0.5 s and have failed (queen_closed)"
    assert cut_off(1, hers, grace_s=100) == cut_off(1, hers)
    assert cut_off(1, hers, now=True) == cut_off(1, older) == "1 job had not ended and has failed (queen_closed)"


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
