"""A queen on a socket, from inside a running event loop."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import AsyncExitStack
from pathlib import Path

import psutil
import pytest

from queenlib.errors import QueenError
from queenlib.http.serve import serving
from tests.http.served import TOKEN, served


def listening() -> set[str]:
    """The addresses that this process listens on."""
    found = psutil.Process().net_connections("inet")
    return {connection.laddr.ip for connection in found if connection.status == psutil.CONN_LISTEN}


async def test_it_listens_on_loopback_alone_and_then_no_more(tmp_path: Path) -> None:
    """From its opening to its closing, and nowhere else."""
    assert not listening()
    async with served(tmp_path) as queen:
        assert (await queen.ask("/health")).status == 200
        assert listening() == {"127.0.0.1"}
    assert not listening()


async def test_an_address_is_a_url(tmp_path: Path) -> None:
    """Of both families."""
    async with served(tmp_path, host="::1") as queen:
        assert queen.url.startswith("http://[::1]:")
        assert (await queen.ask("/health")).status == 200
        assert (await queen.ask("/v1/info", host=queen.host.replace("[::1]", "localhost"))).status == 200


async def test_a_taken_port_starts_nothing(tmp_path: Path) -> None:
    """The second one is told, and the first one is not touched."""
    async with served(tmp_path) as queen:
        port = int(queen.url.rpartition(":")[2])
        with pytest.raises(QueenError, match=f"Port {port}"):
            async with serving(queen.router, TOKEN, port=port):
                pass
        assert (await queen.ask("/health")).status == 200


async def test_a_port_can_be_had_again_at_once(tmp_path: Path) -> None:
    """A queen that is started again where she was is not kept waiting by old connections."""
    async with served(tmp_path) as queen:
        port = int(queen.url.rpartition(":")[2])
        assert (await queen.ask("/health")).status == 200
        async with queen.talk() as talk:
            await talk.send(queen.request("/health"))
            await talk.answer()
    async with served(tmp_path, port=port) as again:
        assert (await again.ask("/health")).status == 200


async def test_other_names_are_given(tmp_path: Path) -> None:
    """A queen behind a tunnel answers to the name that its other end has."""
    async with served(tmp_path, names=["queen.lan:8000"]) as queen:
        assert (await queen.ask("/v1/info", host="queen.lan:8000")).status == 200
        assert (await queen.ask("/v1/info", host="queen.lan")).status == 403


async def test_signals_are_left_alone(tmp_path: Path) -> None:
    """Whoever runs it has its own handlers, and keeps them."""
    came = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, came.set)
    try:
        before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
        async with served(tmp_path) as queen:
            assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
            os.kill(os.getpid(), signal.SIGTERM)
            async with asyncio.timeout(30):
                await came.wait()
            assert (await queen.ask("/health")).status == 200
    finally:
        asyncio.get_running_loop().remove_signal_handler(signal.SIGTERM)


async def test_idle_connections_do_not_hold_it_open(tmp_path: Path) -> None:
    """Neither one that said nothing nor one that is kept for the next request."""
    async with AsyncExitStack() as open_still, asyncio.timeout(4):  # less than the grace that requests under way have
        async with served(tmp_path) as queen:
            silent, kept = [await open_still.enter_async_context(queen.talk()) for _ in range(2)]
            await kept.send(queen.request("/health"))
            assert (await kept.answer()).status == 200
        assert await silent.reader.read() == await kept.reader.read() == b""


async def test_nothing_is_printed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A notebook's output is its own, and the token is nowhere."""
    async with served(tmp_path) as queen:
        await queen.ask("/v1/info")
        await queen.ask("/v1/info", token="wrong")
        await queen.ask("/nothing")
    assert capfd.readouterr() == ("", "")
