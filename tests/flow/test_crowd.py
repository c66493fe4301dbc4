"""A crowd of readers of one live job, and one among them who takes nothing."""

from __future__ import annotations

import asyncio
import random
import socket
import time
from collections.abc import AsyncGenerator, AsyncIterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from multiprocessing import get_context
from pathlib import Path

import psutil
import pytest

from queenlib.messages.events import Log, Yielded
from queenlib.messages.hive import HiveList, HiveListing
from tests.faults.lines import Cut, Read, read
from tests.http.served import TOKEN, Served, served

CHURNING = 10
"""One in so many leaves with a reset, again and again, and comes back for the rest."""
MEGABYTE = 2**20


async def says(queen: Served, lines: int, pace_s: float, size: int = 10) -> str:
    """A job that says so many lines, so many seconds apart."""

    async def work() -> AsyncGenerator[Yielded]:
        for number in range(lines):
            yield Log(text=f"{number} ".ljust(size, "x"))
            await asyncio.sleep(pace_s)
        yield HiveListing(hives=())

    return await queen.state.registry.create(HiveList(), work)


async def whole(queen: Served, job_id: str, chance: random.Random | None = None) -> list[tuple[int, bytes]]:
    """All that a reader sees, over as many connections as chance has it."""
    came: list[tuple[int, bytes]] = []
    for _ in range(chance.randrange(1, 5) if chance else 0):
        assert chance is not None
        came += (await fetched(queen, job_id, len(came), Cut("body", "rst", chance.randrange(1, 5_000)))).lines
    return came + (await fetched(queen, job_id, len(came))).lines


async def fetched(queen: Served, job_id: str, after: int, cut: Cut | None = None) -> Read:
    """What comes over one connection."""
    return await read(queen.url, TOKEN, job_id, after, cut)


async def crowd(home: Path, readers: int, lines: int, pace_s: float) -> None:
    """Half of them come when half of the job is done."""
    chance = random.Random(1)
    async with served(home) as queen:
        job_id = await says(queen, lines, pace_s)

        async def one(number: int) -> list[tuple[int, bytes]]:
            while number % 2 and (await queen.router.get_job(job_id)).last_seq < lines / 2:
                await asyncio.sleep(pace_s)
            return await whole(queen, job_id, chance if number % CHURNING < 2 and number % 2 else None)

        seen = await asyncio.gather(*(one(number) for number in range(readers)))
        log = [(event.seq, event.line) async for event in await queen.router.execute_job(job_id)]
        assert len(log) == lines + 4
        assert all(each == log for each in seen)
        while queen.state.registry._readers.count:
            await asyncio.sleep(0.01)


async def test_a_crowd_sees_one_sequence(tmp_path: Path) -> None:
    """Early, late, and those who come and go: the same bytes for each, and no reader is left."""
    await crowd(tmp_path, 100, 200, 0.005)


@pytest.mark.full
async def test_a_thousand_see_one_sequence(tmp_path: Path) -> None:
    """So do a thousand of them."""
    await crowd(tmp_path, 1000, 300, 0.05)


@asynccontextmanager
async def frozen(queen: Served, job_id: str) -> AsyncIterator[None]:
    """A reader who has asked for a stream, and reads nothing of it."""
    host, _, port = queen.host.rpartition(":")
    with socket.socket() as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(raw, (host, int(port)))
        await loop.sock_sendall(raw, queen.request(f"/v1/jobs/{job_id}/stream"))
        yield


async def spent(home: Path, *, with_frozen: bool) -> tuple[float, int]:
    """Seconds that a paced job of 40 MB takes, and bytes by which we grow meanwhile."""
    async with served(home, beat_s=4.0, send_s=60.0) as queen, AsyncExitStack() as stack:
        before, began = psutil.Process().memory_full_info().uss, time.monotonic()
        job_id = await says(queen, 400, 0.01, size=100_000)
        if with_frozen:
            await stack.enter_async_context(frozen(queen, job_id))
        async for _ in await queen.router.execute_job(job_id):
            pass
        return time.monotonic() - began, psutil.Process().memory_full_info().uss - before


async def both(home: Path) -> list[tuple[float, int]]:
    """The least of each figure of three rounds: without one who reads nothing, and with one."""
    sides: dict[bool, list[tuple[float, int]]] = {False: [], True: []}
    await spent(home / "warm", with_frozen=True)  # what was taken from the system once need not be again
    for number in range(6):
        with_frozen = bool(number % 2)
        sides[with_frozen].append(await spent(home / str(number), with_frozen=with_frozen))
    return [(min(seconds), min(grown)) for seconds, grown in (zip(*figures, strict=True) for figures in sides.values())]


def measured(home: Path) -> list[tuple[float, int]]:
    """To be done by a process that has done nothing else: its memory has no holes that others have left."""
    return asyncio.run(both(home))


@pytest.mark.full
def test_a_frozen_reader_costs_the_job_nothing(tmp_path: Path) -> None:
    """On a paced stream neither its rate nor the memory of the queen shows that somebody reads nothing."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        (alone, small), (beside, large) = pool.submit(measured, tmp_path).result()
    assert alone / beside >= 0.95
    assert large - small < 8 * MEGABYTE
