"""What goes for every answer that goes on and on: it beats, and it ends when the queen is not served any more."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.http.served import served

ENDLESS = ["/v1/watch/jobs", "/v1/watch/models", "/v1/jobs/{job}/stream"]


@pytest.mark.parametrize("target", ENDLESS)
async def test_it_beats_and_ends(tmp_path: Path, target: str) -> None:
    """A comment comes while nothing happens; closing the socket ends the answer in good order."""
    async with asyncio.timeout(30):
        gate = asyncio.Event()
        async with served(tmp_path, beat_s=0.05) as queen:
            job_id = await queen.run(["a"], gate)
            talking = queen.talk()
            talk = await talking.__aenter__()
            await talk.send(queen.request(target.format(job=job_id)))
            head = await talk.head()
            assert (head.status, head.header("cache-control"), head.header("x-accel-buffering")) == (200, "no-store", "no")
            said = b""
            while said.count(b"\n: still here\n") < 2:
                said += b"\n" + await talk.chunk()
            assert said.startswith(b"\nretry: 1000\nid: ")
        gate.set()
        async for _ in talk.chunks():
            pass
        await talking.__aexit__(None, None, None)
