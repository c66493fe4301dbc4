"""What may be said of jobs that are to be removed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from queenlib.client.pruning import prune
from queenlib.errors import InvalidRequest
from queenlib.home import Home
from queenlib.messages.hive import HiveList
from queenlib.router import Router
from queenlib.state import QueenState


async def test_an_age_is_a_timedelta(tmp_path: Path) -> None:
    """A bare number is refused with what it may mean; a size is whole bytes; what is refused removes nothing."""
    queen = await Router.begin(QueenState.open(Home.open(tmp_path)))
    try:
        ticket = await queen.create_job(HiveList())
        async for _ in await queen.execute_job(ticket.job_id):
            pass
        wrong: list[tuple[Any, Any]] = [
            (-1, None),
            (None, -1),
            (True, None),
            ("1", None),
            (None, 1.5),
            (timedelta(-1), None),
            (30, None),
            (0.5, 2**40),
        ]
        for older_than, size in (*wrong, (float("nan"), None), (2**54, None), (None, None)):
            with pytest.raises(InvalidRequest) as caught:
                await prune(queen, older_than, size, dry_run=False)
            assert caught.value.state == "Nothing was removed."
        bare: Any = 30
        with pytest.raises(InvalidRequest, match=r"timedelta\(days=30\), or older_than=timedelta\(seconds=30\)"):
            await prune(queen, bare, None, dry_run=True)
        assert (await prune(queen, timedelta(hours=1), None, dry_run=False)).jobs == ()
        assert [job.id for job in (await prune(queen, timedelta(0), 2**40, dry_run=True)).jobs] == [ticket.job_id]
        assert [job.id for job in (await prune(queen, timedelta(0), None, dry_run=False)).jobs] == [ticket.job_id]
    finally:
        await queen.close()
