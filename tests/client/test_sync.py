"""`queen.sync`."""

from pathlib import Path

from queenlib import Queen


async def test_it_blocks_under_a_running_loop_too(tmp_path: Path) -> None:
    """The twins answer without `await`."""
    with Queen(tmp_path) as queen:
        assert queen.sync.info().pid
        assert queen.sync.jobs.list().jobs == ()
