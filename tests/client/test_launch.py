"""Starting a queen in a process of her own: where she is, or why she is nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from queenlib.client.launch import LOG_BYTES, Launch, end, launch, log_file
from queenlib.client.reign import Address
from queenlib.errors import QueenError, StoreUnusable
from queenlib.home import Home
from queenlib.world import World
from tests.client.outliving import alive, ended, pid_of


async def test_she_has_said_where_she_is(tmp_path: Path) -> None:
    """When it returns her address can be read; she is nobody's child; whoever comes second is told nothing."""
    home = Home.open(tmp_path)
    with ended(tmp_path):
        assert await launch(home, World(), Launch(idle_exit_s=60)) is None
        address = Address.read(home)
        assert address is not None
        assert (address.serves, address.idle_exit_s, address.grace_s, alive(address.pid)) == (True, 60, 30, True)
        assert await launch(home, World(), Launch()) is None
        assert Address.read(home) == address


async def test_a_child_is_given_and_ends_when_let_go_of(tmp_path: Path) -> None:
    """Her process, whose standard input is her life; others may not tell her to end."""
    home = Home.open(tmp_path)
    child = await launch(home, World(), Launch(lifeline=True))
    assert child is not None
    assert child.pid == pid_of(tmp_path)
    assert not (Address.read(home) or Address("", 0, "", serves=True)).serves
    await end(child, World())
    assert child.returncode == 0
    assert Address.read(home) is None


@pytest.mark.parametrize("lifeline", [True, False])
async def test_a_store_that_cannot_be_used_is_told_as_it_is(tmp_path: Path, lifeline: bool) -> None:
    """The same typed error as in this process, and no process is left."""
    home = Home.open(tmp_path)
    home.store.write_bytes(b"somebody's own file" * 100)
    with pytest.raises(StoreUnusable) as caught:
        await launch(home, World(), Launch(lifeline=lifeline))
    assert (caught.value.fault, caught.value.path) == ("foreign", str(home.store))
    assert Address.read(home) is None


async def test_who_does_not_start_is_told_with_what_she_said(tmp_path: Path) -> None:
    """A port that is none: what she wrote in her log, and where that is; the log is her owner's alone."""
    home = Home.open(tmp_path)
    with pytest.raises(QueenError) as caught:
        await launch(home, World(), Launch(port=99_999))
    assert "99,999" in str(caught.value) or "99999" in str(caught.value)
    assert log_file(home).stat().st_mode & 0o077 == 0


def test_a_long_log_is_set_aside(tmp_path: Path) -> None:
    """One of more than a mebibyte is kept under another name, once, and a new one is begun."""
    home = Home.open(tmp_path)
    log_file(home).write_bytes(b"x" * (LOG_BYTES + 1))
    assert not log_file(home).exists()
    assert (home.logs / "queen.log.1").stat().st_size == LOG_BYTES + 1


def test_what_is_run_is_the_program() -> None:
    """One implementation: `queenlib serve`, with or without a lifeline."""
    assert Launch(idle_exit_s=1800).command[2:] == [
        "queenlib",
        "serve",
        "--json",
        "--detached",
        "--port",
        "0",
        "--idle-exit",
        "1800",
    ]
    assert Launch(lifeline=True, port=7833).command[2:] == ["queenlib", "serve", "--json", "--lifeline", "--port", "7833"]
