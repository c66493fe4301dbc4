"""What a home knows of models."""

from __future__ import annotations

from pathlib import Path

import pytest

from queenlib.home import Home
from queenlib.models.records import Record, Records, key_of
from queenlib.models.source import parse_source
from queenlib.world import World
from tests.models.make_gguf import SOURCE

SHA256 = "a" * 64


@pytest.fixture
def records(home: Home) -> Records:
    """Those of the home."""
    return Records(home)


def record(world: World, source: str = SOURCE, sha256: str = SHA256) -> Record:
    """A record of four bytes."""
    return Record(source=source, sha256=sha256, size=4, mtime_ns=0, fetched_at=world.now())


def put(records: Records, sha256: str = SHA256) -> Path:
    """Four bytes where those that were fetched lie."""
    place = records.place_of(sha256)
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(b"GGUF")
    return place


def test_reads_back_in_another_process(records: Records, home: Home, world: World) -> None:
    """What was written is found by its source, and in the list."""
    made = record(world)
    records.write(made)
    again = Records(home)
    assert again.find(parse_source(SOURCE)) == made
    assert again.all() == [made]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"source": "x"}', "\xff"])
def test_what_cannot_be_read_is_not_known(records: Records, home: Home, text: str) -> None:
    """A record that was damaged is as if it were not there."""
    (home.models / f"{key_of(SOURCE)}.json").write_text(text)
    assert records.find(parse_source(SOURCE)) is None
    assert records.all() == []


def test_no_record_leads_out_of_the_home(records: Records, home: Home, world: World) -> None:
    """A record that was written by hand with a path for a SHA-256, or under another name, is not known."""
    evil = record(world).model_dump_json().replace(SHA256, "../../../elsewhere")
    (home.models / f"{key_of(SOURCE)}.json").write_text(evil)
    (home.models / "other.json").write_text(record(world).model_dump_json())
    assert records.all() == []


def test_intact(records: Records, world: World, tmp_path: Path) -> None:
    """A model is intact while its size is the same, and the user's own while its time is too."""
    fetched = record(world)
    assert not records.intact(fetched)
    place = put(records)
    assert records.intact(fetched)
    place.write_bytes(b"GGU")
    assert not records.intact(fetched)
    own = tmp_path / "it.gguf"
    own.write_bytes(b"GGUF")
    mine = record(world, f"file:{own}").model_copy(update={"mtime_ns": own.stat().st_mtime_ns})
    assert records.intact(mine)
    assert not records.intact(mine.model_copy(update={"mtime_ns": 1}))


def test_bytes_stay_while_they_are_used(records: Records, world: World) -> None:
    """Bytes that two sources share go with the last of them."""
    first, second = record(world), record(world, SOURCE.replace("1.0", "1.1"))
    place = put(records)
    records.write(first)
    records.write(second)
    records.forget(first)
    assert place.exists()
    records.forget(second)
    assert not place.parent.exists()


def test_own_files_are_not_touched(records: Records, world: World, tmp_path: Path) -> None:
    """A file of the user's own is forgotten and stays."""
    own = tmp_path / "it.gguf"
    own.write_bytes(b"GGUF")
    mine = record(world, f"file:{own}")
    records.write(mine)
    records.forget(mine)
    assert own.exists()
    assert records.all() == []
