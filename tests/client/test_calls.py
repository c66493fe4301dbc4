"""The one call rule: validated on the calling line, a handle at once, and bounded when nobody answers."""

import inspect
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from queenlib import Queen, errors
from queenlib.client.calls import Twin, twin
from queenlib.client.job import Job
from queenlib.client.portal import Portal


@contextmanager
def silence(token_file: Path) -> Iterator[str]:
    """The address of one who takes connections and never says a word; and a token for it."""
    token_file.touch(0o600)
    token_file.write_text("x" * 43)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.full
def test_a_queen_that_says_nothing_is_an_error_soon(tmp_path: Path) -> None:
    """After five seconds a call has failed, and says that the job may have been made."""
    with silence(tmp_path / "token") as url, Queen.connect(url, token_file=tmp_path / "token") as queen:
        with pytest.raises(errors.QueenUnreachable) as caught:
            queen.hives.list()
        assert "not known" in caught.value.state


def test_a_call_gives_its_job_at_once(tmp_path: Path) -> None:
    """The handle is there with the job's id, and the record as it was kept."""
    with Queen(tmp_path) as queen:
        job = queen.hives.list()
        assert isinstance(job, Job)
        assert queen.jobs.attach(job.id).id == job.id
        with pytest.raises(errors.InvalidOperation):
            queen.infer("x", temperature=-1)


class Verbs:
    """Something with a coroutine."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal

    async def add(self, one: int, other: int = 1) -> int:
        """Add."""
        return one + other


class Blocking(Twin[Verbs]):
    """Its twin."""

    add = twin(Verbs.add)


def test_a_twin_blocks_and_looks_like_its_verb() -> None:
    """Same result, same name, same arguments, same text; no `await`."""
    portal = Portal()
    try:
        assert Blocking(Verbs(portal)).add(2, other=3) == 5
    finally:
        portal.close()
    assert Blocking.add.__doc__ == "Add."
    assert Blocking.add.__name__ == "add"
    assert list(inspect.signature(Blocking.add).parameters) == ["self", "one", "other"]
    assert not inspect.iscoroutinefunction(Blocking.add)
