"""A job that is run again, near and far."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from queenlib import Queen, errors
from queenlib.messages.hive import HiveList
from tests.flow.conftest import near, served

Opened = Callable[[Path], AbstractContextManager[Queen]]
BOTH = pytest.mark.parametrize("opened", [near, served])
QUICK = "sim:words?tokens=4&tokens_per_s=1000"


@BOTH
async def test_the_new_job_says_which_it_repeats(opened: Opened, tmp_path: Path) -> None:
    """It has the operation and the terms of the other, but for its key; its record and its first event name that one."""
    with opened(tmp_path) as queen:
        first = queen.infer("x", model=QUICK, seed=7, tags=["a", "b"], timeout=60, retry=1, key="mine")
        text = (await first).text
        again = await queen.jobs.rerun(first.id[:9])
        assert again.id != first.id
        assert (await again).text == text
        record, before = await again.refresh(), await queen.jobs.get(first.id)
        assert record.request == before.request
        assert record.terms.key != "mine"
        assert record.terms == before.terms.model_copy(update={"key": record.terms.key, "repeats": first.id})
        assert next(iter(again.events())).data.reason == f"repeats {first.id}"
        assert {job.id for job in (await queen.jobs.list(tags=["a", "b"])).jobs} == {first.id, again.id}
        assert queen.sync.jobs.rerun(again.id).record.terms.repeats == again.id
        assert await queen.jobs.get(first.id) == before


@BOTH
async def test_a_key_makes_one_rerun(opened: Opened, tmp_path: Path) -> None:
    """Asked twice with one key, a job is run again once; the key of something else is a conflict."""
    with opened(tmp_path) as queen:
        job = await queen.jobs.create(HiveList(), start="on_stream", key="k")
        again = [(await job.rerun(key="again")).id for _ in range(2)]
        assert len({*again, job.id}) == 2
        with pytest.raises(errors.KeyConflict):
            await job.rerun(key="k")
        assert not (await job.refresh()).state.ended  # it is not begun, and its repetition minds nothing of that
        assert (await queen.jobs.attach(again[0])).hives


@BOTH
async def test_what_is_not_kept_is_not_run_again(opened: Opened, tmp_path: Path) -> None:
    """A private job is refused, for its prompt is written down nowhere; so is a deleted one, and one that never was."""
    with opened(tmp_path) as queen:
        private, gone = queen.infer("x", model=QUICK, private=True), queen.infer("x", model=QUICK)
        await private
        await gone
        with pytest.raises(errors.Conflict, match="private"):
            await private.rerun()
        await queen.jobs.delete(gone.id)
        for job_id in (gone.id, "job-none"):
            with pytest.raises(errors.UnknownJob):
                await queen.jobs.rerun(job_id)
        assert [job.id for job in (await queen.jobs.list()).jobs] == [private.id]
