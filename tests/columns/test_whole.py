"""A job's whole log as a DataFrame."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from queenlib import Queen
from queenlib.client.job import Job
from queenlib.columns.whole import KINDS, OF, check_kind, log_frame
from queenlib.errors import Conflict, InvalidRequest


def made(queen: Queen) -> list[Job[Any]]:
    """A job of each operation that answers, and one that does not."""
    model = "sim:words?tokens=3"
    return [
        queen.infer("x", model=model),
        queen.infer_batch({"a": ["x"]}, "{a}", model=model, pieces=True),
        queen.embed(["x"], model="sim:words").job,
        queen.status(),
    ]


async def test_each_kind_has_its_columns(tmp_path: Path) -> None:
    """What an operation's log has is in the frames of it, also by its id after a restart."""
    columns = {"events": "data", "tokens": "dt_ms", "rows": "ttft_ms", "vectors": "vector"}
    with Queen(tmp_path) as queen:
        jobs = made(queen)
        for job in jobs:
            await job
    with Queen(tmp_path) as queen:
        for job in [queen.jobs.attach(each.id) for each in jobs]:
            events = [event async for event in job]
            for of in OF.get(job.operation, ("events",)):
                check_kind(of, job.record)
                frame = log_frame(of, events, job.record)
                assert columns[of] in frame
                assert len(frame) > 0


async def test_what_a_job_has_nothing_of_is_refused(tmp_path: Path) -> None:
    """With the job, its operation, and what there is of it; by its id after a restart as well."""
    with Queen(tmp_path) as queen:
        jobs = made(queen)
        for job in jobs:
            await job
    with Queen(tmp_path) as queen:
        for job in [queen.jobs.attach(each.id) for each in jobs]:
            kinds = OF.get(job.operation, ("events",))
            for of in set(KINDS) - set(kinds):
                said = f"no frame of '{of}' of {job.id}: it is a job of {job.operation}"
                with pytest.raises(Conflict, match=said) as caught:
                    await job.frame(of=of)  # type: ignore[arg-type]
                assert ", ".join(kinds) in caught.value.why


async def test_another_kind_is_refused(tmp_path: Path) -> None:
    """Before anything is waited for; and so are pieces that a batch did not keep."""
    with Queen(tmp_path) as queen:
        job = queen.infer_batch({"a": ["x"]}, "{a}", model="sim:words?tokens=9&tokens_per_s=1")
        with pytest.raises(InvalidRequest, match="no frame of 'cows'"):
            check_kind("cows", job.record)
        with pytest.raises(Conflict):
            await job.frame(of="tokens")
        await job.cancel()
