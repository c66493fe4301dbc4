"""pip as a process of ours."""

from __future__ import annotations

import asyncio
import sys
import venv
from pathlib import Path

import pytest

from queenlib.errors import MissingExtra
from queenlib.models.pip_process import clean, run_pip
from tests.models.package_index import PackageIndex
from tests.models.steps import children, collect, come


async def test_says_what_pip_says(plain_environment: None) -> None:
    """The lines of pip come as it prints them, and how it ended is known."""
    async with run_pip(sys.executable, "--version") as run:
        assert (await collect(run.lines()))[0].startswith("pip ")
        assert run.ok
    async with run_pip(sys.executable, "no-such-command") as run:
        assert any("unknown command" in line for line in await collect(run.lines()))
        assert not run.ok
        assert any("unknown command" in line for line in run.said)


async def test_quiet_users_are_heard(plain_environment: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the user sets pip to say does not keep us from reading it."""
    monkeypatch.setenv("PIP_QUIET", "3")
    async with run_pip(sys.executable, "config", "list") as run:
        assert any(line.startswith(":env:.") for line in await collect(run.lines()))


async def test_missing_pip(tmp_path: Path) -> None:
    """A Python without pip says which extra has it."""
    await asyncio.to_thread(venv.create, tmp_path, with_pip=False, symlinks=True)
    with pytest.raises(MissingExtra, match="has no pip") as caught:
        async with run_pip(str(tmp_path / "bin" / "python"), "--version") as run:
            await collect(run.lines())
    assert caught.value.extra == "local"


async def test_cancel_ends_the_process(index: PackageIndex) -> None:
    """When the task is cancelled, pip has ended before the cancel is seen."""
    index.offer(b"")
    page = index.files["/simple/tiny-model/"]
    page.gate_at = 0

    async def ask() -> None:
        async with run_pip(sys.executable, "download", "--no-deps", "tiny-model") as run:
            await collect(run.lines())

    task = asyncio.create_task(ask())
    await come(page.arrived)
    assert children()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert children() == []


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("no https://ann:secret@x.invalid/simple", "no https://x.invalid/simple"),
        ("see https://x.invalid/y?sig=secret, ok", "see https://x.invalid/y ok"),
        ("http://ann:sec@ret@x.invalid", "http://x.invalid"),
        ("red \x1b[31mtext\x1b[0m\x07  and\tmore", "red text and more"),
    ],
)
def test_no_secrets_and_no_escapes(said: str, shown: str) -> None:
    """Credentials, queries and escapes are not in what is shown."""
    assert clean(said) == shown
