"""What SQLite and the system say becomes an error of ours: in four parts, with a line that can be pasted as it is."""

from __future__ import annotations

import errno
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from queenlib.errors import QueenError, StoreBusy, StoreFailed, StoreFull, StoreUnusable, revive
from queenlib.messages.events import Problem
from queenlib.registry.sqlite import failures
from queenlib.registry.sqlite.connection import open_reader, open_writer
from tests.registry.sqlite.faulty import Fault, faulty

PATH = Path('/a home/it\'s $HOME; "here"/jobs.db')
"""A place whose name a shell would take apart."""
BROKEN = OSError(errno.EIO, "Input/output error")

EVERY: dict[str, tuple[Callable[[Path], QueenError], type[QueenError]]] = {
    "full": (lambda path: failures.full(path, 12_345), StoreFull),
    "busy": (lambda path: failures.busy(path, 4.0), StoreBusy),
    "unscrubbed": (lambda path: failures.unscrubbed(path, 4.0), StoreBusy),
    "stopped": (lambda path: failures.stopped(path, BROKEN), StoreFailed),
    "vanished": (failures.vanished, StoreFailed),
    "closed": (failures.closed, StoreFailed),
    "unread": (lambda path: failures.unread(path, BROKEN), StoreFailed),
    "damaged": (lambda path: failures.damaged(path, "a page is noise"), StoreUnusable),
    "unusable": (lambda path: failures.unusable(path, "is no database", "foreign", "Move it."), StoreUnusable),
    "unwritable": (lambda path: failures.unwritable(path, BROKEN), StoreUnusable),
}
"""Every error that the store has, made for a database, and its class."""


@pytest.fixture(params=sorted(EVERY))
def error(request: pytest.FixtureRequest) -> QueenError:
    """Each of them, for a place with an unusual name."""
    make, kind = EVERY[request.param]
    made = make(PATH)
    assert type(made) is kind
    return made


def test_each_has_four_parts(error: QueenError) -> None:
    """What, why, state and next, each of them a sentence of its own on one line; what happened names the place."""
    parts = (error.what, error.why, error.state, error.next)
    assert all(part and "\n" not in part for part in parts)
    assert len(set(parts)) == 4
    assert all(part.endswith(".") for part in parts[:3])
    assert str(PATH) in error.what or str(PATH.parent) in error.what
    assert str(error) == " ".join(parts)


def test_each_travels(error: QueenError) -> None:
    """The same error with the same fields is raised far away."""
    again = revive(Problem.model_validate(error.problem()).model_dump())
    assert type(again) is type(error)
    assert (str(again), again.fields) == (str(error), error.fields)


def test_each_line_to_paste_fits_the_place(error: QueenError) -> None:
    """A shell takes the path in it for one word, whatever is in its name."""
    found = re.search(r"(queenlib salvage|fuser) .*", error.next)
    if found is None:
        assert str(PATH) not in error.next
        assert str(PATH.parent) not in error.next
        return
    line = found[0].partition("; then")[0]
    words = shlex.split(line, comments=True)
    assert words in (["queenlib", "salvage", "--home", str(PATH.parent)], ["fuser", str(PATH)])


def test_every_error_is_among_them() -> None:
    """None of them is made without being looked at here."""
    made = {
        name
        for name, found in vars(failures).items()
        if callable(found) and str(getattr(found, "__annotations__", {}).get("return", "")).startswith("Store")
    }
    assert made == set(EVERY)


def test_their_fields_say_it_to_a_program() -> None:
    """Bytes that are free, seconds that were waited, the file, and what is wrong in one word."""
    full, busy, damaged = failures.full(PATH, 12_345), failures.busy(PATH, 4.0), failures.damaged(PATH, "a page is noise")
    assert (full.free, "12,345 bytes" in full.what) == (12_345, True)
    assert (busy.waited_s, "4 s" in busy.what) == (4.0, True)
    assert (damaged.path, damaged.fault, "a page is noise" in damaged.what) == (str(PATH), "damaged", True)
    assert failures.unwritable(PATH, BROKEN).fault == "read_only"
    foreign = failures.unusable(PATH, "is no database", "foreign", "Move it.")
    assert (foreign.what, foreign.fault, foreign.next) == (f"{PATH} is no database.", "foreign", "Move it.")


@pytest.mark.parametrize(
    ("happened", "words"),
    [
        (apsw.BusyError("database is locked"), "BusyError: database is locked"),
        (apsw.IOError(), "IOError"),
        (OSError(errno.EIO, "Input/output error"), "OSError: [Errno 5] Input/output error"),
        (ValueError(""), "ValueError"),
    ],
)
def test_what_an_error_says_of_itself(happened: Exception, words: str) -> None:
    """Its kind and its words; its kind alone where it has none."""
    assert failures.said(happened) == words


@pytest.mark.parametrize(
    ("number", "full"),
    [
        (errno.ENOSPC, True),
        (errno.EDQUOT, True),
        (errno.EFBIG, True),
        (errno.EIO, False),
        (errno.EROFS, False),
        (None, False),
    ],
)
def test_when_the_system_says_that_there_is_no_room(number: int | None, full: bool) -> None:
    """A disk without room, a quota that is used up, and a file that may not grow are full; nothing else is."""
    assert failures.is_full(OSError(number, "as it says") if number else OSError("no number")) == full


@pytest.mark.parametrize(
    ("call", "number", "full"),
    [
        ("write", errno.ENOSPC, True),
        ("write", errno.EDQUOT, True),
        ("write", errno.EFBIG, True),
        ("write", errno.EIO, False),
        ("sync", errno.ENOSPC, False),
        ("sync", errno.EDQUOT, False),
        ("sync", errno.EIO, False),
    ],
)
def test_when_sqlite_says_that_there_is_no_room(tmp_path: Path, call: str, number: int, full: bool) -> None:
    """It is asked what the system said; a sync that fails is never that, since nobody knows what is on the disk."""
    with faulty() as files:
        connection = open_writer(tmp_path / "jobs.db", files.name)
        connection.execute("CREATE TABLE t (x)")
        files.fault = Fault(call, 1, number, file="wal")
        with pytest.raises((apsw.IOError, apsw.FullError)) as caught:
            connection.execute("INSERT INTO t VALUES (1)")
        assert failures.is_full(caught.value, connection) == full
        assert failures.is_full(caught.value) == isinstance(caught.value, apsw.FullError)
        connection.close()


@pytest.mark.parametrize("happened", [apsw.BusyError(), apsw.CorruptError(), ValueError(), KeyboardInterrupt()])
def test_what_else_may_happen_is_not_full(tmp_path: Path, happened: BaseException) -> None:
    """Whether there is a connection to ask or none."""
    connection = open_writer(tmp_path / "jobs.db")
    assert not failures.is_full(happened, connection)
    assert not failures.is_full(happened)
    connection.close()


def test_bytes_that_are_free(tmp_path: Path) -> None:
    """Those of the disk that the file is to lie on, whether it is there or not; where nobody knows, none."""
    assert failures.free_at(tmp_path / "jobs.db") > 0
    assert failures.free_at(tmp_path / "none" / "jobs.db") == 0


TOLD: list[tuple[BaseException, type[QueenError], str]] = [
    (apsw.CorruptError("malformed"), StoreUnusable, "damaged"),
    (apsw.NotADBError("file is not a database"), StoreUnusable, "damaged"),
    (apsw.SQLError("no such table: meta"), StoreUnusable, "damaged"),
    (apsw.ConstraintError("cannot store REAL value"), StoreUnusable, "damaged"),
    (apsw.MismatchError("datatype mismatch"), StoreUnusable, "damaged"),
    (apsw.BusyError("database is locked"), StoreBusy, ""),
    (apsw.FullError("database or disk is full"), StoreFull, ""),
    (OSError(errno.ENOSPC, "No space left on device"), StoreFull, ""),
    (OSError(errno.EDQUOT, "Quota exceeded"), StoreFull, ""),
    (apsw.ReadOnlyError("attempt to write a readonly database"), StoreUnusable, "read_only"),
    (apsw.CantOpenError("unable to open database file"), StoreUnusable, "read_only"),
    (apsw.PermissionsError("access permission denied"), StoreUnusable, "read_only"),
    (PermissionError(errno.EACCES, "Permission denied"), StoreUnusable, "read_only"),
    (OSError(errno.EROFS, "Read-only file system"), StoreUnusable, "read_only"),
    (apsw.IOError("disk I/O error"), StoreUnusable, "io"),
    (OSError(errno.EIO, "Input/output error"), StoreUnusable, "io"),
    (FileNotFoundError(errno.ENOENT, "No such file or directory"), StoreUnusable, "io"),
    (OSError("no number"), StoreUnusable, "io"),
]


@pytest.mark.parametrize(("happened", "kind", "fault"), TOLD, ids=lambda each: getattr(each, "__name__", None) or str(each))
def test_what_happens_at_opening_is_told(tmp_path: Path, happened: BaseException, kind: type, fault: str) -> None:
    """Whatever SQLite or the system says has its error of ours, and what it said is its cause."""
    with pytest.raises(QueenError) as caught, failures.told(tmp_path / "jobs.db"):
        raise happened
    assert type(caught.value) is kind
    assert caught.value.fields.get("fault", "") == fault
    assert caught.value.__cause__ is happened
    if fault in ("damaged", "io"):
        assert failures.said(happened) in caught.value.what
    if kind is StoreFull:
        assert caught.value.fields["free"] > 0


@pytest.mark.parametrize("passed", [ValueError("ours"), KeyboardInterrupt(), failures.closed(PATH), AssertionError()])
def test_what_is_no_business_of_the_disk_is_left(passed: BaseException) -> None:
    """A defect, an interrupt, and what is an error of ours already pass as they are."""
    with pytest.raises(type(passed)) as caught, failures.told(PATH):
        raise passed
    assert caught.value is passed


def test_what_goes_well_is_not_told() -> None:
    """Then it does nothing."""
    with failures.told(PATH):
        done = True
    assert done


def test_a_connection_tells_what_the_system_said(tmp_path: Path) -> None:
    """SQLite has one word for many errors: with the connection, a write for which there is no room is told as that."""
    path = tmp_path / "jobs.db"
    with faulty() as files:
        connection = open_writer(path, files.name)
        connection.execute("CREATE TABLE t (x)")
        for given, kind in ((connection, StoreFull), (None, StoreUnusable)):
            files.fault = Fault("write", 1, errno.EDQUOT, file="wal")
            with pytest.raises(QueenError) as caught, failures.told(path, given):
                connection.execute("INSERT INTO t VALUES (1)")
            assert type(caught.value) is kind
        connection.close()


def test_a_database_that_is_not_there_cannot_be_read(tmp_path: Path) -> None:
    """What SQLite really says then is told like what it says where it may not write: give another folder."""
    with pytest.raises(StoreUnusable) as caught, failures.told(tmp_path / "jobs.db"):
        open_reader(tmp_path / "jobs.db")
    assert caught.value.fault == "read_only"
    assert "QUEENLIB_HOME" in caught.value.next
    assert list(tmp_path.iterdir()) == []
