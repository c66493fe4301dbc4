"""Many jobs, brought page by page."""

from pathlib import Path

from queenlib import Queen
from queenlib.client.paging import records
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
