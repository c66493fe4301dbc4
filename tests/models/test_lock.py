"""The lock between processes."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

from queenlib.file_lock import FileLock
from queenlib.models.lock import take
from queenlib.world import World
from tests.models.steps import collect

HOLDER = """
import asyncio, sys
from pathlib import Path
from queenlib.file_lock import FileLock
from queenlib.models.lock import take
from queenlib.world import World
async def main():
    async for _ in take(FileLock(Path(sys.argv[1])), "it", World()): pass
    print("held", flush=True)
    sys.stdin.read()
asyncio.run(main())
"""


async def test_free_lock_is_taken_at_once(tmp_path: Path, world: World) -> None:
    """A free lock says nothing, and can be taken again after it was released."""
    for _ in range(2):
        lock = FileLock(tmp_path / "lock")
        assert await collect(take(lock, "it", world)) == []
        lock.release()
        lock.release()


def hold(path: Path) -> subprocess.Popen[str]:
    """A process that holds the lock."""
    return subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


async def test_waits_for_another_process(tmp_path: Path, world: World) -> None:
    """A lock that another process holds is waited for, which is said once; it is free when that process is killed."""
    path = tmp_path / "lock"
    with hold(path) as holder:
        assert holder.stdout is not None
        assert (await asyncio.to_thread(holder.stdout.readline)).strip() == "held"
        lock = FileLock(path)
        taking = asyncio.create_task(collect(take(lock, "tiny", world)))
        await asyncio.sleep(0.3)
        assert not taking.done()
        holder.kill()
    logs = await taking
    assert [log.text for log in logs] == ["Another process on this home is at tiny: waiting for it."]
    lock.release()
