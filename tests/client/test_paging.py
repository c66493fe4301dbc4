"""Many jobs, brought page by page."""

from pathlib import Path
from typing import Any

import pytest

from queenlib import Queen
from queenlib.client.paging import records
from queenlib.errors import InvalidRequest
from queenlib.messages.filter import ALL


async def test_pages_are_put_together(tmp_path: Path) -> None:
    """Newest first, and no more than asked for."""
    async with Queen(tmp_path) as queen:
        made = [queen.hives.get() for _ in range(5)]
        for job in made:
            await job
        found = await queen.portal.run(records(queen.backend, 3, ALL))
        assert [record.id for record in found] == [job.id for job in reversed(made)][:3]
        assert len(await queen.portal.run(records(queen.backend, 1_000, ALL))) == 5


@pytest.mark.parametrize("limit", [-1, 0, 2.5, "5"])
async def test_no_frame_is_made_of_no_jobs_at_most(tmp_path: Path, limit: Any) -> None:
    """A limit below 1, or none at all, is refused as that of a list is, and not an empty frame."""
    async with Queen(tmp_path) as queen:
        with pytest.raises(InvalidRequest, match="limit is"):
            await queen.jobs.frame(limit=limit)
