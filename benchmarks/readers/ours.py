"""A queen with one job, whose readers come over HTTP. A process of its own.

`python -m benchmarks.readers.ours HOME`. It prints its port and the path of the job's stream; after a line `COUNT GAP` of
its input the job says so many words, so many seconds apart, and ends.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator

from benchmarks.readers.words import TOKEN, more_files, orders
from queenlib.home import Home
from queenlib.http.serve import serving
from queenlib.messages.events import Token, Yielded
from queenlib.messages.infer import Infer
from queenlib.messages.status import StatusReport
from queenlib.router import Router
from queenlib.state import QueenState


async def work() -> AsyncGenerator[Yielded]:
    """Say what is ordered."""
    async for count, gap in orders():
        for number in range(count):
            yield Token(text=f"word {number:07} ", dt_ms=1.0)
            await asyncio.sleep(gap)
        break
    yield StatusReport(hives=())


async def main(home: str) -> None:
    """Serve until the input ends."""
    more_files()
    state = QueenState.open(Home.open(home))
    router = await Router.begin(state)
    try:
        async with serving(router, TOKEN) as url:
            job_id = await state.registry.create(Infer(prompt="x"), work)
            print(url.rpartition(":")[2], f"/v1/jobs/{job_id}/stream", flush=True)
            async for _ in await router.execute_job(job_id):
                pass
            await asyncio.to_thread(sys.stdin.read)
    finally:
        await router.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
