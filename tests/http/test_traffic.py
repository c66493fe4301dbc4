"""Who speaks with a queen now, and since when nobody has."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from queenlib.http.traffic import Traffic
from queenlib.world import World
from tests.http.served import served


@dataclass(frozen=True)
class Counting(World):
    """A world whose clock goes on by one whenever somebody looks at it."""

    seconds: tuple[list[int], ...] = ([0],)

    def monotonic(self) -> float:
        """One more."""
        self.seconds[0][0] += 1
        return float(self.seconds[0][0])


async def test_requests_and_readers_count(tmp_path: Path) -> None:
    """A request counts until it is answered, and a reader for as long as it reads; then it is quiet since that moment."""
    traffic = Traffic(Counting(seconds=([0],)))
    async with served(tmp_path, traffic=traffic) as queen:
        began = traffic.quiet_since
        assert began == 1
        assert (await queen.ask("/v1/info")).status == 200
        after = traffic.quiet_since
        assert after == 2
        gate = asyncio.Event()
        job_id = await queen.run(["a"], gate)
        async with queen.talk() as talk:
            await talk.send(queen.request(f"/v1/jobs/{job_id}/stream"))
            await talk.head()
            assert (traffic.under_way, traffic.quiet_since) == (1, None)
        async with asyncio.timeout(20):
            while traffic.quiet_since is None:  # the reader has left, which the queen notices soon
                await asyncio.sleep(0.01)
        assert traffic.quiet_since == 3
        gate.set()
