"""Several at one work: what each of them yields, as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import TypeVar

Item = TypeVar("Item")
AHEAD = 64
"""So much may lie there for who takes it; then the hands wait: a store that is behind is no reason to fill the memory."""


async def crew(size: int, hand: Callable[[], AsyncGenerator[Item]]) -> AsyncGenerator[Item]:
    """What `size` hands yield, as it comes, until all of them have ended.

    When this is closed, or one of them raises, all of them have been closed when it returns; what they had yielded before
    one of them raised comes first.

    Raises:
        Exception: What the first of them raised.
    """
    items, room = asyncio.Queue[Item](), asyncio.Event()
    room.set()
    tasks = {asyncio.create_task(_draw(hand, items, room), name="hand") for _ in range(size)}
    drawing = asyncio.create_task(items.get())
    failed: BaseException | None = None
    try:
        at_work = set(tasks)
        while at_work or not items.empty() or drawing.done():
            done, _ = await asyncio.wait({drawing, *at_work}, return_when=asyncio.FIRST_COMPLETED)
            at_work -= done
            failed = failed or next((error for task in done if (error := task.exception()) is not None), None)
            if failed is not None:  # what has been made is told first, and nothing more is made
                at_work.clear()
                room.clear()
            if drawing in done:
                yield drawing.result()
                drawing = asyncio.create_task(items.get())
                if failed is None and items.qsize() < AHEAD:
                    room.set()
        if failed is not None:
            raise failed
    finally:
        drawing.cancel()
        for task in tasks:
            task.cancel()
        await asyncio.wait({drawing, *tasks})


async def _draw(hand: Callable[[], AsyncGenerator[Item]], items: asyncio.Queue[Item], room: asyncio.Event) -> None:
    async with aclosing(hand()) as made:
        async for item in made:
            items.put_nowait(item)
            if items.qsize() >= AHEAD:
                room.clear()
            await room.wait()
