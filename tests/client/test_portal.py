"""The portal: work goes on in its own thread, can be awaited and waited for, and ends without leaving anybody hanging."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from queenlib.client.portal import Portal
from queenlib.errors import Conflict, QueenClosed


@pytest.fixture
def portal() -> Iterator[Portal]:
    """A portal that is closed in the end."""
    made = Portal()
    yield made
    made.close()


async def where() -> str:
    """The name of the thread that does the work."""
    await asyncio.sleep(0)
    return threading.current_thread().name


async def forever(ended: threading.Event | None = None) -> None:
    """Work that never ends by itself, and says when it was ended."""
    try:
        await asyncio.Event().wait()
    finally:
        if ended is not None:
            ended.set()


def interrupt_soon() -> None:
    """Send this process what a kernel's interrupt sends, in a moment."""
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()


def test_work_is_done_on_its_own_thread(portal: Portal) -> None:
    """Waiting and awaiting both run the work on the portal's thread."""
    assert portal.wait(where()) == "queenlib"
    assert asyncio.run(portal.run(where())) == "queenlib"
    assert not portal.inside


async def test_it_may_be_waited_for_under_a_running_loop(portal: Portal) -> None:
    """A blocking wait inside a running loop gives the result, and does not dead-lock."""
    assert portal.wait(where()) == "queenlib"


async def test_it_goes_on_while_another_loop_stands_still(portal: Portal) -> None:
    """A cell that computes does not stop what is done here."""
    ticks = []

    async def tick() -> None:
        for _ in range(5):
            ticks.append(time.monotonic())
            await asyncio.sleep(0.01)

    future = portal.submit(tick())
    time.sleep(0.5)  # noqa: ASYNC251 - a cell that computes
    assert len(ticks) == 5
    future.result(1)


async def test_who_is_cancelled_cancels_the_work_it_waited_for(portal: Portal) -> None:
    """A cancelled await does not leave its work behind."""
    ended = threading.Event()
    task = asyncio.create_task(portal.run(forever(ended)))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(ended.wait, 5)


def test_an_interrupt_ends_a_blocking_wait(portal: Portal) -> None:
    """`KeyboardInterrupt` ends the waiting at once, cancels what was waited for, and the portal lives on."""
    ended = threading.Event()
    interrupt_soon()
    with pytest.raises(KeyboardInterrupt):
        portal.wait(forever(ended))
    assert ended.wait(5)
    assert portal.wait(where()) == "queenlib"


def test_what_the_work_raises_is_raised(portal: Portal) -> None:
    """An error of the work comes out as it is, a `TimeoutError` of its own included."""

    async def fail(error: Exception) -> None:
        raise error

    for error in (ValueError("bad"), TimeoutError("its own")):
        with pytest.raises(type(error), match=str(error)):
            portal.wait(fail(error))
        with pytest.raises(type(error), match=str(error)):
            asyncio.run(portal.run(fail(error)))


def test_waiting_for_itself_is_refused(portal: Portal) -> None:
    """A blocking wait on the portal's own thread is a typed error with the remedy, not a dead-lock; awaiting is fine."""

    async def block() -> str:
        with pytest.raises(Conflict) as caught:
            portal.wait(where())
        with pytest.raises(Conflict):
            portal.close()
        assert "await" in caught.value.next
        return await portal.run(where())

    assert portal.wait(block()) == "queenlib"


def test_a_closed_portal_takes_nothing() -> None:
    """Work that comes too late is refused with an error that is true of each queen, and closing twice is closing."""
    portal = Portal()
    portal.close()
    portal.close()
    assert not portal.open
    with pytest.raises(QueenClosed) as caught:
        portal.wait(where())
    assert "those of another go on" in caught.value.state
    with pytest.raises(QueenClosed):
        asyncio.run(portal.run(where()))
    portal.soon(lambda: pytest.fail("nothing is called any more"))


def test_closing_leaves_nobody_waiting() -> None:
    """Whoever blocks or awaits when the portal is closed gets `QueenClosed`, and is not taken for cancelled."""
    portal, got = Portal(wind_down_s=0.1), list[type[BaseException]]()

    def note(wait: object) -> None:
        try:
            wait()  # type: ignore[operator]
        except BaseException as error:  # noqa: BLE001 - that is what is looked at
            got.append(type(error))

    waiting = [
        threading.Thread(target=note, args=(lambda: portal.wait(forever()),)),
        threading.Thread(target=note, args=(lambda: asyncio.run(portal.run(forever())),)),
    ]
    for thread in waiting:
        thread.start()
    time.sleep(0.1)
    portal.close()
    for thread in waiting:
        thread.join(10)
    assert got == [QueenClosed, QueenClosed]


def test_nothing_gets_lost_between_open_and_closed() -> None:
    """While many threads hand in work and the portal is closed, each piece is done or refused; nobody hangs."""
    for _ in range(20):
        portal, done = Portal(), list[bool]()

        def hand_in(portal: Portal = portal, done: list[bool] = done) -> None:
            while True:
                try:
                    portal.wait(where())
                except QueenClosed:
                    done.append(True)
                    return

        threads = [threading.Thread(target=hand_in) for _ in range(4)]
        for thread in threads:
            thread.start()
        portal.close()
        for thread in threads:
            thread.join(10)
        assert len(done) == 4


def test_a_fork_knows_that_the_portal_is_not_its_own(portal: Portal) -> None:
    """In a forked process the portal is not open, and waiting there is an error and not for ever."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            portal.wait(where())
        except QueenClosed as error:
            portal.close()
            code = 0 if "forked" in error.why and not portal.open else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert portal.wait(where()) == "queenlib"
