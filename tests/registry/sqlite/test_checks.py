"""Each check finds what it is for, passes over what is right, and changes nothing."""

from __future__ import annotations

import shlex
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import apsw
import pytest

from queenlib.errors import StoreUnusable
from queenlib.registry.sqlite import checks
from queenlib.registry.sqlite.checks import SALVAGED, check_head, check_whose, identify, is_empty
from queenlib.registry.sqlite.connection import open_writer
from queenlib.registry.sqlite.mark import Mark, Marked
from queenlib.registry.sqlite.opening import open_database
from queenlib.registry.sqlite.schema import APPLICATION_ID, MIGRATIONS, VERSION
from queenlib.world import World
from tests.registry.sqlite.logs import Kept, lines
from tests.registry.sqlite.written import files_of

STORE = UUID(int=2026)
HEAD = 108
"""Bytes of a database that are looked at first."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a database is to lie: in a folder whose name a shell would take apart."""
    folder = tmp_path / "it's a home; $HOME"
    folder.mkdir()
    return folder / "jobs.db"


@pytest.fixture
def kept(path: Path) -> Kept:
    """A database of ours that says which it is."""
    made = Kept(path)
    made.db.pragma("application_id", APPLICATION_ID)
    made.db.pragma("user_version", VERSION)
    made.db.execute("UPDATE meta SET store = ?", (str(STORE),))
    made.db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    return made


def refused(check: Callable[[], object], path: Path) -> StoreUnusable:
    """What a check says that raises; not a byte was changed by it."""
    before = files_of(path.parent)
    with pytest.raises(StoreUnusable) as caught:
        check()
    assert files_of(path.parent) == before
    assert all((caught.value.what, caught.value.why, caught.value.state, caught.value.next))
    assert caught.value.path == str(path)
    return caught.value


def marked(path: Path, number: int, seq: int, store: UUID = STORE) -> Mark:
    """A mark of the database at `path`."""
    mark = Mark(path.with_suffix(".mark"))
    mark.write(Marked(store.bytes, number, seq))
    mark.close()
    return mark


def theirs(path: Path, *said: str) -> None:
    """Make a database as another program would."""
    database = sqlite3.connect(path, isolation_level=None)
    for each in said:
        database.execute(each)
    database.close()


@pytest.mark.parametrize("there", [False, True], ids=["no file", "an empty file"])
def test_where_nothing_is_nothing_is_wrong(path: Path, there: bool) -> None:
    """A home without a database, or with an empty file, is new; the look makes nothing."""
    if there:
        path.touch()
    before = files_of(path.parent)
    check_head(path)
    assert files_of(path.parent) == before


@pytest.mark.parametrize("size", [1, 15, 16, 17, 100, HEAD - 1, HEAD, 5000])
def test_what_is_no_database_is_foreign(path: Path, size: int) -> None:
    """Whatever its size, a file of another kind is told apart and is to be moved away."""
    path.write_bytes((b"a letter to somebody\n" * 300)[:size])
    error = refused(lambda: check_head(path), path)
    assert error.fault == "foreign"
    assert "is no database" in error.what


def test_a_database_that_is_cut_off_in_its_head_is_no_database(path: Path, kept: Kept) -> None:
    """Its first bytes alone say nothing of whose it is; what lies beside it does."""
    whole = path.read_bytes()
    kept.db.close()
    path.with_name("jobs.db-wal").unlink()
    for size in (16, 50, HEAD - 1):
        path.write_bytes(whole[:size])
        assert refused(lambda: check_head(path), path).fault == "foreign"
    marked(path, 1, 1)
    for size in (1, 16, HEAD - 1):
        path.write_bytes(whole[:size])
        assert refused(lambda: check_head(path), path).fault == "damaged"


@pytest.mark.parametrize("page_size", [512, 1024, 4096, 65536])
@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16le"])
def test_an_empty_database_of_another_program_is_not_taken_over(path: Path, page_size: int, encoding: str) -> None:
    """It keeps the pages and the characters that it was made with: ours have others, and would not be known again."""
    form = (f"PRAGMA page_size = {page_size}", f"PRAGMA encoding = '{encoding}'")
    theirs(path, *form, "VACUUM")
    assert refused(lambda: check_head(path), path).fault == "foreign"
    theirs(path, *form, "CREATE TABLE t (x)", "DROP TABLE t")
    assert refused(lambda: check_head(path), path).fault == "foreign"


@pytest.mark.parametrize("more", ["CREATE TABLE t (x)", "PRAGMA user_version = 1", "PRAGMA application_id = 77"])
def test_a_database_of_another_program_is_foreign(path: Path, more: str) -> None:
    """With tables of its own, or with numbers of its own and no table."""
    theirs(path, "PRAGMA auto_vacuum = incremental", more)
    error = refused(lambda: check_head(path), path)
    assert (error.fault, error.next.split()[0]) == ("foreign", "Move")


def test_what_is_foreign_is_moved_away_by_the_line_that_is_given(path: Path) -> None:
    """In whatever folder, and time after time; none that was moved before is written over."""
    letters = [f"letter number {number}" for number in range(3)]
    for letter in letters:
        path.write_text(letter)
        line = refused(lambda: check_head(path), path).next.partition(": ")[2]
        subprocess.run(["sh", "-c", line], check=True, timeout=30)
        assert not path.exists()
        check_head(path)
    assert sorted(file.read_text() for file in path.parent.iterdir()) == letters


@pytest.mark.parametrize("beside", ["jobs.mark", "jobs.db-wal"])
def test_a_foreign_file_beside_what_is_ours_is_salvaged(path: Path, beside: str) -> None:
    """Where a mark or a `-wal` says that there was a store, what is left of it is looked for."""
    theirs(path, "CREATE TABLE t (x)")
    path.with_name(beside).write_bytes(b"something")
    error = refused(lambda: check_head(path), path)
    assert (error.fault, error.next) == ("foreign", f"queenlib salvage --home {shlex.quote(str(path.parent))}")
    path.write_text("no database")
    assert refused(lambda: check_head(path), path).fault == "damaged"


def test_one_of_ours_that_died_before_its_first_commit_is_none_yet(path: Path) -> None:
    """It has a head and no table: it is made now."""
    open_writer(path).close()
    assert path.stat().st_size == 4096
    check_head(path)


def test_each_bit_of_the_head_is_looked_at_or_left_to_sqlite(path: Path, kept: Kept) -> None:
    """Whichever of them is wrong: what says whose it is and of which form is never passed over."""
    kept.db.close()
    check_head(path)
    whole = path.read_bytes()
    looked_at = {*range(24), *range(44, 48), *range(56, 64), *range(68, 72)}
    older = {63 * 8 + bit for bit in range(8) if 0 < VERSION ^ 1 << bit < VERSION}  # for which it has not the form
    found = dict[int, str]()
    for bit in range(HEAD * 8):
        data = bytearray(whole[:HEAD])
        data[bit // 8] ^= 1 << bit % 8
        path.write_bytes(data)
        try:
            check_head(path)
        except StoreUnusable as error:
            found[bit] = error.fault
        if bit in older:
            with pytest.raises(StoreUnusable) as caught:
                open_database(path, World())
            found[bit] = caught.value.fault
    assert set(found.values()) == {"damaged", "foreign", "newer"}
    assert set(found) == {8 * byte + bit for byte in looked_at for bit in range(8)}


def test_where_the_database_was_removed_what_belongs_to_it_tells(path: Path) -> None:
    """A mark, or a `-wal` with something in it: nothing is begun anew over what there was."""
    for file, said in (("jobs.db-wal", b"x" * 32), ("jobs.mark", b"")):
        if said:
            path.with_name(file).write_bytes(said)
        else:
            marked(path, 0, 0, UUID(int=0))
        error = refused(lambda: check_head(path), path)
        assert error.fault == "behind"
        assert f"queenlib salvage --home {shlex.quote(str(path.parent))}" in error.next
        path.touch()
        assert refused(lambda: check_head(path), path).fault == "behind"
        path.unlink()
        path.with_name(file).unlink()


def test_what_says_nothing_does_not_tell_of_a_database(path: Path) -> None:
    """A `-wal` without a byte and a mark that was half written are left by what never began."""
    path.with_name("jobs.db-wal").touch()
    path.with_name("jobs.mark").write_bytes(b"half")
    check_head(path)


def test_a_salvage_that_was_broken_off_comes_first(path: Path, kept: Kept) -> None:
    """While its new store waits to be put in place, the old one is not opened, whole as it may be."""
    path.with_name(path.name + SALVAGED).write_bytes(b"")
    error = refused(lambda: check_head(path), path)
    assert (error.fault, error.next) == ("damaged", f"queenlib salvage --home {shlex.quote(str(path.parent))}")


@pytest.mark.parametrize("there", [True, False])
def test_a_link_is_refused(path: Path, kept: Kept, there: bool) -> None:
    """What belongs to a database lies beside the file itself, where our lock is not; nothing is made at its other end."""
    link = path.parent / "home" / "jobs.db"
    link.parent.mkdir()
    target = path if there else path.with_name("none.db")
    link.symlink_to(target)
    error = refused(lambda: check_head(link), link)
    assert "is a link" in error.what
    assert target.exists() == there


@pytest.mark.parametrize(
    ("application", "found", "version", "fault"),
    [
        (APPLICATION_ID, 1, 1, ""),
        (APPLICATION_ID, 1, 3, ""),
        (APPLICATION_ID, 3, 3, ""),
        (APPLICATION_ID, 2, 1, "newer"),
        (APPLICATION_ID, 1000, 1, "newer"),
        (APPLICATION_ID, 1001, 1, "damaged"),
        (APPLICATION_ID, 0, 1, "damaged"),
        (APPLICATION_ID, -1, 1, "damaged"),
        (0, 1, 1, "foreign"),
        (0, 0, 1, "foreign"),
        (APPLICATION_ID + 1, 2, 1, "foreign"),
    ],
)
def test_whose_it_is(path: Path, application: int, found: int, version: int, fault: str) -> None:
    """Ours of this version or an earlier one is right; another program's, a later one's, and no version's are told apart."""
    if not fault:
        check_whose(path, application, found, version)
        return
    error = refused(lambda: check_whose(path, application, found, version), path)
    assert error.fault == fault
    if fault == "newer":
        assert (str(found) in error.what, error.next) == (True, "pip install --upgrade queenlib")


@pytest.mark.parametrize(
    ("said", "empty"),
    [
        ("PRAGMA auto_vacuum = incremental", True),
        ("CREATE TABLE t (x)", False),
        ("CREATE VIEW v AS SELECT 1", False),
        ("PRAGMA application_id = 1", False),
        ("PRAGMA user_version = 1", False),
    ],
)
def test_what_is_empty(said: str, empty: bool) -> None:
    """There is no table, no view, and no number of anybody's."""
    connection = apsw.Connection(":memory:")
    connection.execute(said)
    assert is_empty(connection) == empty
    connection.close()


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE more (x)",
        "CREATE VIEW more AS SELECT 1",
        "CREATE TRIGGER more AFTER INSERT ON jobs BEGIN DELETE FROM chunks; END",
        "DROP INDEX jobs_ended",
        "DROP TABLE results",
        "ALTER TABLE results ADD COLUMN more INTEGER",
        "ALTER TABLE results DROP COLUMN crc",
        "ALTER TABLE results RENAME TO outcomes",
        "ALTER TABLE results RENAME COLUMN crc TO src",
        "DROP TABLE results; CREATE TABLE results (number INTEGER PRIMARY KEY, body TEXT NOT NULL, crc INTEGER NOT NULL)",
        "DROP TABLE results; CREATE TABLE results (number INTEGER PRIMARY KEY, body BLOB, crc INTEGER NOT NULL) STRICT",
    ],
)
def test_another_form_is_found_out(path: Path, kept: Kept, change: str) -> None:
    """A table, a column, an index or a trigger more, less or other than ours are."""
    checks.check_form(path, kept.db, MIGRATIONS)
    kept.db.execute(change)
    error = refused(lambda: checks.check_form(path, kept.db, MIGRATIONS), path)
    assert (error.fault, "tables" in error.what) == ("damaged", True)


def test_an_earlier_version_has_its_own_form(path: Path, kept: Kept) -> None:
    """It is compared with the migrations that it has had, and with no others."""
    more = (*MIGRATIONS, "CREATE TABLE notes (x)")
    checks.check_form(path, kept.db, more[:-1])
    assert refused(lambda: checks.check_form(path, kept.db, more), path).fault == "damaged"
    kept.db.execute(more[-1])
    checks.check_form(path, kept.db, more)
    assert refused(lambda: checks.check_form(path, kept.db, more[:-1]), path).fault == "damaged"


def test_a_page_that_is_noise_is_told(path: Path, kept: Kept) -> None:
    """In one line; and where the file is larger than is to be read, not at all."""
    kept.keep(lines("job-a", 1, 300))
    kept.db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    kept.db.close()
    data = bytearray(path.read_bytes())
    assert len(data) > 5 * 4096
    for at in range(4096, len(data), 4096):
        if data[at] == 0x0D:  # a leaf of a table
            data[at : at + 8] = b"\x0d\xff\xff\xff\xff\xff\xff\xff"
    path.write_bytes(data)
    connection = apsw.Connection(str(path))
    error = refused(lambda: checks.check_whole(path, connection), path)
    assert (error.fault, "\n" in error.what) == ("damaged", False)
    checks.check_whole(path, connection, path.stat().st_size - 1)
    assert refused(lambda: checks.check_whole(path, connection, path.stat().st_size), path).fault == "damaged"
    connection.close()


def test_one_that_is_right_is_passed(path: Path, kept: Kept) -> None:
    """With jobs in it, in the database and in its `-wal`."""
    for number in range(20):
        kept.keep(lines(f"job-{number}", 1, 30), key=f"key-{number}")
    checks.check_whole(path, kept.db)


def test_no_mark_and_one_that_was_cleared_say_nothing(path: Path, kept: Kept) -> None:
    """Then every database of ours will do."""
    mark = Mark(path.with_suffix(".mark"))
    checks.check_mark(path, kept.db, mark)
    mark.clear()
    mark.close()
    checks.check_mark(path, kept.db, mark)


def test_a_job_has_to_have_come_as_far(path: Path, kept: Kept) -> None:
    """To the event that was marked or beyond it; one event less is told with both numbers."""
    kept.keep(lines("job-a", 1, 40))
    kept.keep(lines("job-b", 1, 90))
    kept.keep(lines("job-c", 1, 5))
    for number, last in ((1, 40), (2, 90), (3, 5)):
        checks.check_mark(path, kept.db, marked(path, number, last))
        checks.check_mark(path, kept.db, marked(path, number, 1))
        mark = marked(path, number, last + 1)
        error = refused(lambda mark=mark: checks.check_mark(path, kept.db, mark), path)  # type: ignore[misc]
        assert error.fault == "behind"
        assert f"job number {number} had event {last + 1}, and has {last}" in error.what


def test_a_job_that_is_not_there_is_missed(path: Path, kept: Kept) -> None:
    """Whatever its neighbours have; the lines that are given fit the folder."""
    kept.keep(lines("job-a", 1, 40))
    mark = marked(path, 2, 1)
    error = refused(lambda: checks.check_mark(path, kept.db, mark), path)
    assert error.fault == "behind"
    assert f"queenlib salvage --home {shlex.quote(str(path.parent))}" in error.next
    subprocess.run(["sh", "-c", error.next.rpartition(": ")[2]], check=True, timeout=30)
    assert mark.read() is None
    checks.check_mark(path, kept.db, mark)


def test_removals_have_to_have_been_done(path: Path, kept: Kept) -> None:
    """Where the last thing was that jobs were removed, the database has to have done that as often."""
    kept.db.execute("UPDATE meta SET removals = 3")
    for seq in range(4):
        checks.check_mark(path, kept.db, marked(path, 0, seq))
    mark = marked(path, 0, 4)
    error = refused(lambda: checks.check_mark(path, kept.db, mark), path)
    assert error.fault == "behind"
    assert "4 times, and here 3" in error.what


def test_another_database_will_not_do(path: Path, kept: Kept) -> None:
    """However much it has."""
    kept.keep(lines("job-a", 1, 40))
    mark = marked(path, 1, 1, UUID(int=1))
    error = refused(lambda: checks.check_mark(path, kept.db, mark), path)
    assert error.fault == "behind"
    assert "not the one" in error.what


def test_a_database_says_which_it_is(path: Path, kept: Kept) -> None:
    """By its id and its epoch."""
    assert identify(path, kept.db) == (STORE.bytes, 1)


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM meta",
        "INSERT INTO meta SELECT * FROM meta",
        "UPDATE meta SET store = ''",
        "UPDATE meta SET store = 'x' || substr(store, 2)",
    ],
)
def test_one_that_does_not_is_damaged(path: Path, kept: Kept, change: str) -> None:
    """It says nothing, twice as much, or no id."""
    kept.db.execute(change)
    error = refused(lambda: identify(path, kept.db), path)
    assert (error.fault, "which it is" in error.what) == ("damaged", True)
