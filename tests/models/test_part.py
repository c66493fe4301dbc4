"""What is here of a file that is being fetched."""

from __future__ import annotations

from pathlib import Path

import pytest

from queenlib.models.part import Part, Version

URL = "https://ann:secret@example.invalid/x?token=secret"
VERSION = Version.of(URL, "a" * 64, '"1"', 10)


@pytest.fixture
def part(tmp_path: Path) -> Part:
    """A part with three bytes."""
    made = Part(tmp_path / "it.whl")
    made.restart(VERSION)
    made.append(b"abc")
    return made


def test_goes_on_in_another_process(part: Part, tmp_path: Path) -> None:
    """What was written is found again, with whose bytes they are."""
    again = Part(tmp_path / "it.whl")
    assert (again.done, again.resumable(URL, "a" * 64)) == (3, VERSION)


@pytest.mark.parametrize(("url", "promised"), [("https://example.invalid/y", "a" * 64), (URL, "b" * 64), (URL, None)])
def test_other_bytes_are_not_gone_on_with(part: Part, url: str, promised: str | None) -> None:
    """Bytes from another address, or of another promise, cannot be resumed."""
    assert part.resumable(url, promised) is None


def test_unknown_bytes_are_not_gone_on_with(part: Part, tmp_path: Path) -> None:
    """Without a validator, or with a record that cannot be read, nothing can be resumed."""
    (tmp_path / "it.whl.part.json").write_text("{")
    assert part.resumable(URL, "a" * 64) is None
    part.restart(Version.of(URL, None, None, 10))
    part.append(b"abc")
    assert part.resumable(URL, None) is None


def test_no_secret_is_written(part: Part, tmp_path: Path) -> None:
    """The address is not in the record: it may hold secrets."""
    assert "secret" not in (tmp_path / "it.whl.part.json").read_text()


def test_restart_rename_discard(part: Part, tmp_path: Path) -> None:
    """A new version begins with nothing; a whole one gets its name; nothing is left of one that is thrown away."""
    part.restart(VERSION)
    assert (part.done, part.version) == (0, None)
    part.append(b"whole")
    part.rename(tmp_path / "it.whl")
    assert [path.name for path in tmp_path.iterdir()] == ["it.whl"]
    part.restart(VERSION)
    part.discard()
    assert [path.name for path in tmp_path.iterdir()] == ["it.whl"]
