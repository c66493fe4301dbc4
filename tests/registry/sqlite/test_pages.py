"""Pages without SQLite: the rows that SQLite would give, of whatever length and in whatever version."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import cast

import apsw
import pytest

from queenlib.registry.sqlite.connection import open_writer
from queenlib.registry.sqlite.pages import PAGE, Pages, Row

NUMBERS = [0, 1, -1, 127, 128, -128, -129, 2**15, -(2**23), 2**31, 2**40, -(2**47), 2**62, -(2**63), None]
LENGTHS = [0, 1, 100, 488, 489, 490, 4060, 4061, 4062, 4081, 8150, 20_000]
"""Bytes: those about which it changes how a row lies on its pages are among them."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with rows of every length and numbers of every width; the newer half of them is in its `-wal`."""
    chance = random.Random(1)
    connection = open_writer(tmp_path / "made.db")
    connection.execute("CREATE TABLE t (number INTEGER PRIMARY KEY, a, b, c)")
    for number, length in enumerate(LENGTHS + LENGTHS):
        row = NUMBERS[number % len(NUMBERS)], chance.randbytes(length), "é" * (length // 7)
        connection.execute("INSERT INTO t VALUES (?, ?, ?, ?)", (number * 3 - 4, *row))
        if number == len(LENGTHS):
            connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    for name in ("made.db", "made.db-wal"):
        shutil.copyfile(tmp_path / name, tmp_path / name.replace("made", "jobs"))
    connection.close()
    return tmp_path / "jobs.db"


def found(path: Path) -> dict[int, Row]:
    """The rows of the table, of the newest version of each page."""
    pages = Pages(path)
    rows = [row for number in pages.numbers() for row in pages.rows(number, pages.versions(number)[0]).rows]
    return {row[0]: row for row in rows if len(row[1]) == 4}


def wanted(path: Path) -> dict[int, Row]:
    """The same, as SQLite reads them."""
    connection = apsw.Connection(str(path))
    rows = connection.execute("SELECT * FROM t").fetchall()
    connection.close()
    return {int(str(row[0])): (int(str(row[0])), (None, *cast("list[str | bytes | int | None]", row[1:]))) for row in rows}


def test_rows_are_those_that_sqlite_reads(path: Path) -> None:
    """Of every length, also over many pages, and with the `-wal` over the file."""
    rows = found(path)
    assert len(rows) == 2 * len(LENGTHS)
    assert rows == wanted(path)


def test_nothing_but_the_leaves_is_needed(path: Path) -> None:
    """The rows are found where the head, the schema and every inner page are gone."""
    rows = found(path)
    for name in (path, path.with_name("jobs.db-wal")):
        data = bytearray(name.read_bytes())
        start, step = (0, PAGE) if name == path else (32 + 24, PAGE + 24)
        for at in range(start, len(data), step):
            if at == start == 0 or data[at] in (0x05, 0x02):
                data[at : at + PAGE] = bytes(PAGE)
        name.write_bytes(data)
    path.with_name("jobs.db-wal").write_bytes(bytes(32) + path.with_name("jobs.db-wal").read_bytes()[32:])
    assert found(path) == rows


def test_an_older_version_of_a_page_is_there_as_well(path: Path) -> None:
    """Where the newest is damaged, it is told, and the one before has what it had."""
    pages = Pages(path)
    (number, *_) = [each for each in pages.numbers() if len(pages.versions(each)) > 1 and pages.versions(each)[0][0] == 0x0D]
    newest, before, *_ = pages.versions(number)
    there = pages.rows(number, newest)
    assert there.whole
    assert there.rows
    assert not pages.rows(number, newest[:-2000] + bytes(2000)).whole
    assert {row[0] for row in pages.rows(number, before).rows} <= {row[0] for row in found(path).values()}


def test_a_page_that_counts_wrongly_has_its_rows(path: Path) -> None:
    """Nor does it lose them where one bit of what it is was flipped."""
    pages = Pages(path)
    number = next(each for each in pages.numbers() if len(pages.rows(each, pages.versions(each)[0]).rows) > 3)
    page = pages.versions(number)[0]
    rows = pages.rows(number, page).rows
    fewer = pages.rows(number, page[:3] + bytes([0, len(rows) - 2]) + page[5:])
    assert fewer.rows == rows[:-2]
    assert set(rows[-2:]) <= set(fewer.beyond)
    more = pages.rows(number, page[:3] + bytes([1, len(rows)]) + page[5:])
    assert set(rows) <= set(more.rows)
    assert not more.whole
    other = pages.rows(number, bytes([page[0] ^ 8]) + page[1:])
    assert set(rows) <= set(other.beyond)
    assert not other.whole


def test_a_page_that_was_cut_off_has_its_first_bytes(path: Path) -> None:
    """A file that ends in the middle of a page is read up to there."""
    path.with_name("jobs.db-wal").unlink()
    path.write_bytes(path.read_bytes()[:-100])
    pages = Pages(path)
    assert {len(page) for number in pages.numbers() for page in pages.versions(number)} == {PAGE}


def test_frames_after_the_last_commit_are_not_read(path: Path) -> None:
    """What was never committed is not there; what was before it is."""
    wal = path.with_name("jobs.db-wal")
    data = wal.read_bytes()
    last = len(data) - PAGE - 24
    wal.write_bytes(data[: last + 4] + bytes(4) + data[last + 8 :])  # the last frame does not say that it is a commit
    assert sorted(found(path)) == sorted(number * 3 - 4 for number in range(2 * len(LENGTHS) - 1))


@pytest.mark.parametrize("seed", range(20))
def test_noise_is_no_error(path: Path, seed: int) -> None:
    """Whatever the bytes are, rows come out, or none."""
    chance = random.Random(seed)
    for name in (path, path.with_name("jobs.db-wal")):
        data = bytearray(name.read_bytes())
        for _ in range(200):
            data[chance.randrange(len(data))] = chance.randrange(256)
        name.write_bytes(data)
    found(path)
    path.write_bytes(chance.randbytes(20_000))
    found(path)


def test_where_there_is_nothing_there_are_no_pages(tmp_path: Path) -> None:
    """Neither a file that is not there nor an empty one has any."""
    assert Pages(tmp_path / "jobs.db").numbers() == []
    (tmp_path / "jobs.db").touch()
    (tmp_path / "jobs.db-wal").touch()
    assert Pages(tmp_path / "jobs.db").numbers() == []
