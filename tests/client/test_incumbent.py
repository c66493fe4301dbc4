"""Who has a home, looked at from outside."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from queenlib import Queen
from queenlib.client.incumbent import Incumbent
from queenlib.client.reign import Address
from queenlib.errors import HomeTaken, InUse
from queenlib.file_lock import FileLock
from queenlib.home import Home
from queenlib.version import PROTOCOL
from queenlib.world import World
from tests.client.others import other
from tests.client.outliving import alive, ended, of_another_version, pid_of, until


async def look(home: Path) -> Incumbent | None:
    """Who is there."""
    return await Incumbent.look(Home(home), World())


async def test_nobody_is_started_by_asking(tmp_path: Path) -> None:
    """Where nobody is, nothing is made; the address of one who was killed is nobody's, whoever listens there now."""
    assert await look(tmp_path / "home") is None
    assert not (tmp_path / "home").exists()
    with ended(tmp_path), other(tmp_path / "another") as another:
        with Queen.background(tmp_path):
            pid = pid_of(tmp_path)
        os.kill(pid, signal.SIGKILL)
        until(lambda: not alive(pid))
        assert await look(tmp_path) is None
        another.ask("who")
        elsewhere = Address.read(Home(tmp_path / "another"))
        assert elsewhere is not None
        elsewhere.write(Home(tmp_path), World())  # with another token
        assert await look(tmp_path) is None
        Home(tmp_path).address_file.unlink()


async def test_one_in_the_background_may_be_told_to_end(tmp_path: Path) -> None:
    """She says who she is and what she has to do; a signal reaches her, and it is seen that she is gone."""
    with ended(tmp_path), Queen.background(tmp_path, idle_exit_s=1800) as handle:
        job = handle.infer("x", model="sim:words?tokens=100000&tokens_per_s=50")
        next(event for event in job if event.type == "token")
        queen = await look(tmp_path)
        assert queen is not None
        assert (queen.pid.number, queen.gone, queen.unfinished) == (pid_of(tmp_path), False, {"running": 1})
        assert queen.address.url.endswith(f":{queen.port}")
        handle.sync.jobs.cancel(job.id)
        queen.tell(signal.SIGTERM)
        assert await queen.ended(World(), 60)
        queen.tell(signal.SIGTERM)  # nobody is there any more, and nothing happens
        assert await look(tmp_path) is None


async def test_who_is_part_of_a_program_is_never_told_to_end(tmp_path: Path) -> None:
    """It is said whose process it is and what to do; that program goes on."""
    with other(tmp_path) as program:
        queen = None
        while queen is None:  # she listens a little later
            queen = await look(tmp_path)
        for number in (signal.SIGTERM, signal.SIGINT):
            with pytest.raises(InUse, match=f"process {program.process.pid}") as caught:
                queen.tell(number)
        assert "others.py" in caught.value.why
        assert "queen.close()" in caught.value.next
        assert program.ask("who") == "<Queen in this process>"


async def test_a_process_that_does_not_listen_there_is_not_hers(tmp_path: Path) -> None:
    """Her number may be that of another one here, as where she runs in a container; that one is left alone."""
    with other() as program:
        pid = program.process.pid
        with of_another_version(tmp_path, pid=pid) as url:
            Address(url, pid, "0.0.9", serves=True).write(Home(tmp_path), World())
            queen = await look(tmp_path)
            assert queen is not None
            with pytest.raises(InUse, match="is not the one that listens"):
                queen.tell(signal.SIGTERM)
            assert alive(pid)


@pytest.mark.parametrize("unfinished", [None, {"running": 2}, {}])
async def test_one_of_another_version_is_seen(tmp_path: Path, unfinished: dict[str, int] | None) -> None:
    """What can be known of her: version, process, and how many jobs have not ended, if she says that."""
    with of_another_version(tmp_path, protocol=PROTOCOL + 1, unfinished=unfinished):
        queen = await look(tmp_path)
        assert queen is not None
        assert (queen.info, queen.version, queen.pid.number) == (None, "0.0.9", os.getpid())
        assert queen.unfinished == (unfinished if not unfinished else {"unfinished": 2})


async def test_who_has_the_home_and_says_nothing_is_told(tmp_path: Path) -> None:
    """Somebody holds it, and nothing answers at the address: an error that names the process, and nothing was done."""
    home = Home.open(tmp_path)
    home.token(World())
    lock = FileLock(home.lock_file)
    assert lock.try_take()
    try:
        Address("http://127.0.0.1:1", os.getpid(), "0.0.9", serves=True).write(home, World())
        with pytest.raises(HomeTaken, match=f"process {os.getpid()}") as caught:
            await look(tmp_path)
        assert caught.value.path == str(tmp_path)
    finally:
        lock.release()
