"""A job that was acknowledged is there, though its queen was killed in the very next instruction."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from queenlib import Queen
from queenlib.errors import JobLost
from queenlib.home import Home
from tests.faults import created
from tests.faults.fates import fates
from tests.faults.history import Create, Log, Noted, ProcessTable, Views
from tests.faults.oracle import check_invariants


def kill_after(home: Path, how: str, key: str) -> datetime:
    """Let a program create a job and die; gives a moment after that."""
    program = [sys.executable, created.__file__, str(home), how, key]
    assert subprocess.run(program, timeout=60, check=False).returncode == -signal.SIGKILL
    return datetime.now(UTC)


@pytest.mark.parametrize("how", sorted(created.WAYS))
def test_killed_in_the_instruction_after_create(tmp_path: Path, how: str) -> None:
    """What `create` has returned is on the disk; the next queen has the job, sees to it, and gives it to the same key."""
    deaths = [kill_after(tmp_path, how, "key-1")]
    (there,) = Log.read(Home(tmp_path).store).jobs.values()
    assert (there.record.terms.key, there.record.request["prompt"]) == ("key-1", created.PAYLOAD["prompt"])
    with Queen(tmp_path) as queen:
        job = queen.infer("the last words", model=created.PAYLOAD["model"], key="key-1")
        assert job.id == there.record.id
        with suppress(JobLost):  # it may have run already, and then nobody knows how far it came
            assert job.wait(30).usage.completion_tokens == 8
        log = Log.read(Home(tmp_path).store, deaths)
    create = Create(created.PAYLOAD, "key-1", job_id=job.id)
    check_invariants(log, Views(creates=(create, create)), Noted.read(Home(tmp_path).journal), ProcessTable())
    assert sum(fates(log).values()) == 1
