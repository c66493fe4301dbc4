"""Errors that end a job: what they know can be read, and computed with."""

import pytest

from queenlib.errors import JobFailed, WorkerDied, revive


@pytest.mark.parametrize("lines", [(), ("a", "b"), ["a"]])
def test_the_last_lines_can_be_read_near_and_far(lines: list[str]) -> None:
    """The end of the log of what failed is there as it was written, also after the wire; none is an empty one."""
    error = WorkerDied("It died.", exit_code=None, signal="SIGKILL", last_lines=lines)
    for each in (error, revive(error.problem())):
        assert isinstance(each, JobFailed)
        assert list(each.last_lines) == list(lines)
        assert (each.exit_code, each.signal) == (None, "SIGKILL")
    assert list(JobFailed("It failed.").last_lines) == []
