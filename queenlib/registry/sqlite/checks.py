"""What may be wrong with a database: each check looks, changes nothing, and raises if it is so."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from uuid import UUID

import apsw

from queenlib.registry.sqlite import failures
from queenlib.registry.sqlite.chunk import place_of
from queenlib.registry.sqlite.mark import Mark
from queenlib.registry.sqlite.schema import APPLICATION_ID, VERSION

CHECK_BYTES = 256 * 1024**2
"""Up to this size the whole database is checked when it is opened; of a larger one, each part when it is read."""
MOST_VERSIONS = 1_000
"""There will be no more; a higher number is none of a version."""
SALVAGED = ".salvaged"
"""What the name of a salvaged database has at its end until it is in its place."""
_MAGIC = b"SQLite format 3\x00"
_ALWAYS = {16: b"\x10\x00\x02\x02\x00\x40\x20\x20", 44: b"\0\0\0\4", 56: b"\0\0\0\1"}
"""What is in the head of every database of ours, at these bytes: the size of a page, the form of the file, UTF-8."""
_FORM = """
    SELECT m.type, m.name, tbl_name, x.name, x.type, x."notnull", x.pk
    FROM sqlite_schema AS m LEFT JOIN pragma_table_xinfo(m.name) AS x ORDER BY m.rowid, x.cid
"""
_EMPTY = {
    16: b"\x10\x00", 44: bytes(4), 52: b"\0\0\0\1", 56: bytes(4), 64: b"\0\0\0\1", 100: b"\x0d", 103: b"\0\0"
}  # fmt: skip
"""And in that of one of ours that has no table yet; an empty one of another program keeps the form that it was made with."""


def check_head(path: Path, version: int = VERSION) -> None:
    """Whether the file at `path` is a database of ours, or none yet: its head is read before SQLite is let near it."""
    if path.with_name(path.name + SALVAGED).exists():
        raise failures.unusable(path, "was being salvaged, and that was broken off", "damaged", failures.salvage(path))
    if path.is_symlink():  # its `-wal` would lie elsewhere, and whoever has that folder would not see our lock
        remedy = (
            "Put the file itself there, with its -wal; to have it on another disk, move the whole home: QUEENLIB_HOME=/path"
        )
        raise failures.unusable(path, "is a link", "io", remedy)
    try:
        with path.open("rb") as file:
            head = file.read(108)
    except FileNotFoundError:
        head = b""
    if not head:
        _check_alone(path)
    elif not head.startswith(_MAGIC) or len(head) < 108:
        if _is_ours_beside(path):
            raise failures.damaged(path, "its head is not that of a database")
        raise failures.unusable(path, "is no database", "foreign", _away(path))
    elif head[60:64] + head[68:72] != bytes(8) or not _has(head, _EMPTY):  # else what made it died before its first commit
        check_whose(path, int.from_bytes(head[68:72]), int.from_bytes(head[60:64]), version)
        if not _has(head, _ALWAYS):
            raise failures.damaged(path, "its head was changed")


def check_whose(path: Path, application: int, found: int, version: int) -> None:
    """Whether a database with this `application_id` and this `user_version` is one that we can use."""
    if application != APPLICATION_ID:
        remedy = failures.salvage(path) if _is_ours_beside(path) else _away(path)
        raise failures.unusable(path, "is the database of another program", "foreign", remedy)
    if not 0 < found <= MOST_VERSIONS:
        raise failures.damaged(path, "it does not say which form it has")
    if found > version:
        raise failures.unusable(
            path,
            f"was made by a later version of queenlib: its form is number {found}, and this one knows {version}",
            "newer",
            "pip install --upgrade queenlib",
        )


def _has(head: bytes, places: dict[int, bytes]) -> bool:
    return all(head[start : start + len(said)] == said for start, said in places.items())


def _check_alone(path: Path) -> None:
    """Where there is no database, there may be no `-wal` or mark of one: it was removed, and what it had is lost with it."""
    wal, mark = path.with_name(f"{path.name}-wal"), path.with_suffix(".mark")
    if (wal.exists() and wal.stat().st_size) or Mark(mark).read():
        raise failures.unusable(
            path,
            "is not there, and was: what belongs to it is",
            "behind",
            f"Put it back; or, to begin anew with what can be read: {failures.salvage(path)}",
        )


def _is_ours_beside(path: Path) -> bool:
    return path.with_suffix(".mark").exists() or path.with_name(f"{path.name}-wal").exists()


def _away(path: Path) -> str:
    other = path.with_name(f"{path.name}.other")
    while other.exists():  # the line is pasted: it may not write over what was moved away before
        other = other.with_name(f"{other.name}.other")
    return f"Move it away: mv {quote(str(path))} {quote(str(other))}"


def is_empty(connection: apsw.Connection) -> bool:
    """Whether there is nothing in a database."""
    said = connection.pragma("application_id"), connection.pragma("user_version")
    return said == (0, 0) and not connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchall()


def check_form(path: Path, connection: apsw.Connection, migrations: Sequence[str]) -> None:
    """Whether a database has the tables that these migrations make."""
    made = apsw.Connection(":memory:")
    try:
        for script in migrations:
            made.execute(script)
        if list(made.execute(_FORM)) != list(connection.execute(_FORM)):
            raise failures.damaged(path, "its tables are not those that it was made with")
    finally:
        made.close()


def check_whole(path: Path, connection: apsw.Connection, most: float = CHECK_BYTES) -> None:
    """Whether its pages make a database; one of more than `most` bytes is not read for that.

    The quick check passes over what an index holds, and only `jobs` has any: a wrong one would hide a job.
    """
    if path.stat().st_size > most:
        return
    for check in ("PRAGMA quick_check(1)", "PRAGMA integrity_check('jobs')"):
        for (found,) in connection.execute(check):
            if found != "ok":
                raise failures.damaged(path, str(found).splitlines()[-1])


def check_mark(path: Path, connection: apsw.Connection, mark: Mark) -> None:
    """Whether the database has what this home has shown to anybody."""
    marked = mark.read()
    if marked is None or not any(marked.store):
        return
    if marked.store != identify(path, connection)[0]:
        raise _behind(path, "is not the one that this home has shown jobs from")
    if not marked.number:
        removals = int(connection.execute("SELECT removals FROM meta").get)
        if removals < marked.seq:
            raise _behind(path, f"lacks what this home has done: jobs were removed {marked.seq} times, and here {removals}")
        return
    span = place_of(marked.number, 0), place_of(marked.number + 1, 0)
    query = "SELECT (place & 0xffffffff) + count - 1 FROM chunks WHERE place >= ? AND place < ? ORDER BY place DESC LIMIT 1"
    last_seq = max((int(str(last)) for (last,) in connection.execute(query, span)), default=0)
    if last_seq < marked.seq:
        raise _behind(
            path, f"lacks what this home has shown: job number {marked.number} had event {marked.seq}, and has {last_seq}"
        )


def _behind(path: Path, what: str) -> Exception:
    mark = quote(str(path.with_suffix(".mark")))
    remedy = f"Put back its -wal, or the newer copy; else: {failures.salvage(path)}; or, to use it as it is: rm {mark}"
    return failures.unusable(path, what, "behind", remedy)


def identify(path: Path, connection: apsw.Connection) -> tuple[bytes, int]:
    """The database's own id, and its epoch."""
    try:
        ((store, epoch),) = connection.execute("SELECT store, epoch FROM meta").fetchall()
        return UUID(str(store)).bytes, int(str(epoch))
    except ValueError as error:
        raise failures.damaged(path, "it does not say which it is") from error
