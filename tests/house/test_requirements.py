"""The locks: whole, with hashes, the same for running and for testing, and without the address of any registry."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement

from tests.house.tree import ROOT

LOCKS = ("dev", "local")
PIN = re.compile(r"^(?P<pin>[a-z0-9._-]+==[^\s;]+)(?P<marker> ; [^\\]+)? \\$")


def lines(lock: str) -> list[str]:
    """The lines of a lock."""
    return (ROOT / "requirements" / f"{lock}.txt").read_text().splitlines()


def pins(lock: str) -> dict[str, set[str]]:
    """What a lock pins: projects and their versions, more than one where Pythons or platforms differ."""
    found: dict[str, set[str]] = {}
    for line in lines(lock):
        if match := PIN.match(line):
            project, _, version = match["pin"].partition("==")
            found.setdefault(project, set()).add(version)
    return found


def asked(lock: str) -> list[Requirement]:
    """What pyproject.toml asks for that must be in a lock."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras, groups = settings["project"]["optional-dependencies"], settings["dependency-groups"]
    wanted = settings["project"]["dependencies"] + extras["local"] + groups["build"]
    if lock == "dev":
        wanted += (
            extras["notebook"]
            + extras["parquet"]
            + extras["plots"]
            + [line for line in groups["dev"] if isinstance(line, str)]
        )
    return [Requirement(line) for line in wanted]


@pytest.mark.parametrize("lock", LOCKS)
def test_only_pins_and_hashes(lock: str) -> None:
    """A lock has pins with hashes and comments: no address, no option, nothing unpinned."""
    kinds = [line for line in lines(lock) if line and not line.lstrip().startswith("#")]
    assert len(kinds) > 50
    assert [
        line for line in kinds if not PIN.match(line) and not re.match(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$", line)
    ] == []
    assert [line for line in lines(lock) if "://" in line] == []
    for line, after in zip(kinds, [*kinds[1:], ""], strict=True):
        assert not PIN.match(line) or "--hash=" in after, f"{line} has no hash"


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_are_whole(lock: str) -> None:
    """All that pyproject.toml asks for is locked, in a version that it allows: else `sh .ci/lock` was forgotten."""
    locked = pins(lock)
    missing = [
        str(wanted)
        for wanted in asked(lock)
        if not any(wanted.specifier.contains(version) for version in locked.get(wanted.name.lower(), ()))
    ]
    assert missing == []


def test_local_is_part_of_dev() -> None:
    """Whoever has installed `dev` has `local` too, in the same versions."""
    local, dev = pins("local"), pins("dev")
    assert local
    assert {project: found for project, found in local.items() if not found <= dev.get(project, set())} == {}
