"""A queen who holds her home: alone on it, and to be found there."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import stat
import threading
from pathlib import Path

import psutil
import pytest

from queenlib.client.reign import Address, Reign, Rule
from queenlib.client.remote import RemoteQueen
from queenlib.errors import HomeTaken, InvalidRequest, QueenError, StoreUnusable
from queenlib.file_lock import FileLock
from queenlib.home import Home
from queenlib.messages.hive import HiveList
from queenlib.version import __version__
from queenlib.world import World


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home that nobody has."""
    return Home.open(tmp_path)


def is_free(home: Home) -> bool:
    """Whether nobody has it."""
    lock = FileLock(home.store.with_suffix(".lock"))
    free = lock.try_take()
    lock.release()
    return free


def listening() -> int:
    """On how many sockets this process listens."""
    return sum(each.status == psutil.CONN_LISTEN for each in psutil.Process().net_connections("inet"))


async def test_she_says_where_she_is(home: Home) -> None:
    """Her address is in a file that its owner alone can read, for as long as she reigns and no longer."""
    reign = await Reign.begin(home, World(), Rule())
    assert not home.address_file.exists()
    url = await reign.listen()
    address = Address.read(home)
    assert address == Address(url, os.getpid(), __version__)
    assert stat.S_IMODE(home.address_file.stat().st_mode) == 0o600
    assert home.token(World()) not in home.address_file.read_text()
    await reign.close()
    assert not home.address_file.exists()
    assert is_free(home)
    assert not [each.name for each in home.path.iterdir() if each.name.startswith(".")]


async def test_there_is_one_at_a_time(home: Home) -> None:
    """The home of one is no other's, and the other leaves it as it is; when she has closed, it is."""
    reign = await Reign.begin(home, World(), Rule())
    url = await reign.listen()
    with pytest.raises(HomeTaken) as caught:
        await Reign.begin(home, World(), Rule())
    assert caught.value.path == str(home.path)
    assert (Address.read(home) or reign).url == url
    await reign.close()
    await (await Reign.begin(home, World(), Rule())).close()


async def test_the_address_of_a_dead_queen_is_taken_away(home: Home) -> None:
    """Somebody else may have her number and her port now: nobody is sent there, and nobody is asked anything there."""
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        Address(f"http://127.0.0.1:{port}", os.getppid(), __version__).write(home, World())
        reign = await Reign.begin(home, World(), Rule())
        assert Address.read(home) is None
        await reign.close()
        stranger.settimeout(0)
        with pytest.raises(BlockingIOError):
            stranger.accept()


async def test_the_address_of_another_is_left(home: Home) -> None:
    """Closing takes away her own address only."""
    reign = await Reign.begin(home, World(), Rule())
    await reign.listen()
    other = Address("http://127.0.0.1:1", 1, "9.9.9")
    other.write(home, World())
    await reign.close()
    assert Address.read(home) == other


@pytest.mark.parametrize(
    "said",
    [b"", b"{", b"[]", b"null", b'"x"', b"\xff", b"{}", b'{"url": "http://127.0.0.1:1"}', b'{"url": "x", "pid": "x"}'],
)
def test_what_is_no_address_is_none(home: Home, said: bytes) -> None:
    """Whatever stands in the file, reading it raises nothing."""
    home.address_file.write_bytes(said)
    assert Address.read(home) is None


def test_an_address_comes_back(home: Home) -> None:
    """What was written is what is read, and it is one line of JSON for whoever else wants to know."""
    address = Address("http://127.0.0.1:7833", 4711, "1.2.3")
    address.write(home, World())
    assert Address.read(home) == address
    plain = {"url": "http://127.0.0.1:7833", "pid": 4711, "version": "1.2.3"}
    assert json.loads(home.address_file.read_text()) == plain | {"serves": False, "idle_exit_s": None, "grace_s": None}
    home.address_file.write_text(json.dumps(plain | {"said": "by a later version"}))
    assert Address.read(home) == address
    serving = Address("http://127.0.0.1:7833", 4711, "1.2.3", serves=True, idle_exit_s=1800.0, grace_s=30.0)
    serving.write(home, World())
    assert Address.read(home) == serving


async def test_a_port_that_is_taken_leaves_the_home_free(home: Home) -> None:
    """She is told which, and after her closing nothing of her is left."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        reign = await Reign.begin(home, World(), Rule())
        with pytest.raises(QueenError, match=f"Port {taken.getsockname()[1]} ") as caught:
            await reign.listen(port=taken.getsockname()[1])
        assert caught.value.next
        await reign.close()
    assert not home.address_file.exists()
    assert is_free(home)


@pytest.mark.parametrize(("host", "shown"), [("0.0.0.0", "127.0.0.1"), ("::", "[::1]")])
async def test_one_who_listens_everywhere_is_reached_on_loopback(home: Home, host: str, shown: str) -> None:
    """The address for those on this machine is one that answers them."""
    reign = await Reign.begin(home, World(), Rule())
    await reign.listen(host, allow_wide=True)
    address = Address.read(home)
    assert address is not None
    assert address.url.startswith(f"http://{shown}:")
    remote = RemoteQueen(address.url, home.token(World()), World())
    assert (await remote.info()).pid == os.getpid()
    await remote.close()
    await reign.close()


async def test_a_queen_who_cannot_listen_reigns_all_the_same(home: Home) -> None:
    """Then she has no clients; nothing is said of it, and she works and closes."""
    home.token_file.write_text("readable by all")
    home.token_file.chmod(0o644)
    reign = await Reign.begin(home, World(), Rule())
    reign.listen_soon()
    ticket = await reign.router.create_job(HiveList())
    assert [event.seq async for event in await reign.router.execute_job(ticket.job_id)] == [1, 2, 3, 4]
    await reign.close()
    assert not home.address_file.exists()


async def test_a_close_that_is_given_up_while_she_begins_to_listen_lets_go(home: Home) -> None:
    """The home is free, whenever the closing was cancelled."""
    reign = await Reign.begin(home, World(), Rule())
    reign.listen_soon()
    closing = asyncio.create_task(reign.close())
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.wait({closing})
    assert is_free(home)


async def test_a_store_that_cannot_be_used_leaves_nothing(home: Home) -> None:
    """A typed error, and no thread, no lock, no socket and no address; the file is as it was."""
    home.store.write_bytes(b"somebody's own file" * 100)
    threads, sockets = threading.active_count(), listening()
    with pytest.raises(StoreUnusable) as caught:
        await Reign.begin(home, World(), Rule())
    assert (caught.value.fault, caught.value.path) == ("foreign", str(home.store))
    assert (threading.active_count(), listening()) == (threads, sockets)
    assert is_free(home)
    assert home.store.read_bytes() == b"somebody's own file" * 100


@pytest.mark.parametrize("durability", ["", "Full", "none", None, 1])
def test_how_durable_is_one_of_two(durability: object) -> None:
    """Another word is a typed error that names both."""
    assert Rule(durability="fast").durability == "fast"
    with pytest.raises(InvalidRequest, match="durability") as caught:
        Rule(durability=durability)  # type: ignore[arg-type]
    assert "'full'" in caught.value.why
    assert "'fast'" in caught.value.why
