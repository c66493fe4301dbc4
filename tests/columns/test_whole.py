"""A job's whole log as a DataFrame."""

from __future__ import annotations

from pathlib import Path

import pytest

from queenlib import Queen
from queenlib.columns.whole import KINDS, check_kind, log_frame
from queenlib.errors import Conflict, InvalidRequest


async def test_each_kind_has_its_columns(tmp_path: Path) -> None:
    """Of whichever job; what is not in its log has no rows."""
    with Queen(tmp_path) as queen:
        job = queen.infer("x", model="sim:words?tokens=3")
        await job
        events = [event async for event in job]
        frames = {of: log_frame(of, events, job.record) for of in KINDS}
        for of, column in (("events", "data"), ("tokens", "dt_ms"), ("rows", "ttft_ms"), ("vectors", "vector")):
            assert column in frames[of]
        assert len(frames["tokens"]) == 3
        assert len(frames["rows"]) == len(frames["vectors"]) == 0


async def test_another_kind_is_refused(tmp_path: Path) -> None:
    """Before anything is waited for; and so are pieces that a batch did not keep."""
    with Queen(tmp_path) as queen:
        job = queen.infer_batch({"a": ["x"]}, "{a}", model="sim:words?tokens=9&tokens_per_s=1")
        with pytest.raises(InvalidRequest, match="no frame of 'cows'"):
            check_kind("cows", job.record)
        with pytest.raises(Conflict):
            await job.frame(of="tokens")
        await job.cancel()
