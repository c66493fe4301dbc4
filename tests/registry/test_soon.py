"""Something that is done in a moment."""

import asyncio

from queenlib.registry.soon import Soon


async def test_it_is_done_once_however_often_it_is_asked_for() -> None:
    """After a moment, and again only if it is asked for again."""
    done = list[Soon]()

    def do() -> None:
        soon.done()
        done.append(soon)

    soon = Soon(do, 0.01)
    for _ in range(2):
        soon.ask()
        soon.ask()
        before = len(done)
        await asyncio.sleep(0.1)
        assert len(done) == before + 1


async def test_what_was_done_before_is_not_done_again() -> None:
    """The moment passes, and nothing happens."""
    done = list[int]()
    soon = Soon(lambda: done.append(1), 0.01)
    soon.ask()
    soon.done()
    soon.done()
    await asyncio.sleep(0.05)
    assert done == []
