"""What may be wrong with a database: each check looks, changes nothing, and raises if it is so."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import apsw

from queenlib.registry.sqlite import failures
from queenlib.registry.sqlite.chunk import place_of
from queenlib.registry.sqlite.mark import Mark
from queenlib.registry.sqlite.schema import APPLICATION_ID, VERSION

CHECK_BYTES = 256 * 1024**2
"""Up to this size the whole database is checked when it is opened; of a larger one, each part when it is read."""
_MAGIC = b"SQLite format 3\x00"


def check_head(path: Path) -> bool:
    """Whether there is no database yet. The head of one is read before SQLite is let near it."""
    try:
        with path.open("rb") as file:
            head = file.read(100)
    except FileNotFoundError:
        _check_alone(path)
        return True
    if not head:
        _check_alone(path)
        return True
    if not head.startswith(_MAGIC) or len(head) < 100:
        if _is_ours_beside(path):
            raise failures.damaged(path, "its head is not that of a database")
        raise failures.unusable(path, "is no database", "foreign", f"Move it away: mv {path} {path}.other")
    application, version = int.from_bytes(head[68:72]), int.from_bytes(head[60:64])
    if application != APPLICATION_ID:
        raise failures.unusable(
            path, "is the database of another program", "foreign", f"Move it away: mv {path} {path}.other"
        )
    if version > VERSION:
        raise failures.unusable(
            path,
            f"was made by a later version of queenlib: its form is number {version}, and this one knows {VERSION}",
            "newer",
            "pip install --upgrade queenlib",
        )
    return False


def _check_alone(path: Path) -> None:
    """Where there is no database, there may be no `-wal` or mark of one: it was removed, and what it had is lost with it."""
    wal = path.with_name(f"{path.name}-wal")
    if (wal.exists() and wal.stat().st_size) or Mark(path.with_suffix(".mark")).read():
        mark = path.with_suffix(".mark")
        raise failures.unusable(
            path,
            "is not there, and was: what belongs to it is",
            "behind",
            f"Put it back; or, to begin anew: rm -f {wal} {mark}",
        )


def _is_ours_beside(path: Path) -> bool:
    return path.with_suffix(".mark").exists() or path.with_name(f"{path.name}-wal").exists()


def check_whole(path: Path, connection: apsw.Connection) -> None:
    """Whether its pages make a database; one that is very large is not read for that."""
    if path.stat().st_size > CHECK_BYTES:
        return
    found = connection.pragma("quick_check")
    if found != "ok":
        raise failures.damaged(path, str(found).splitlines()[-1])


def check_mark(path: Path, connection: apsw.Connection, mark: Mark) -> None:
    """Whether the database has what this home has shown to anybody."""
    marked = mark.read()
    if marked is None or not marked.number or marked.store != identify(connection)[0]:
        return
    span = place_of(marked.number, 0), place_of(marked.number + 1, 0)
    query = "SELECT (place & 0xffffffff) + count - 1 FROM chunks WHERE place >= ? AND place < ? ORDER BY place DESC LIMIT 1"
    last_seq = max((int(str(last)) for (last,) in connection.execute(query, span)), default=0)
    if last_seq < marked.seq:
        raise failures.unusable(
            path,
            f"lacks what this home has shown: job number {marked.number} had event {marked.seq}, and has {last_seq}",
            "behind",
            f"Put back its -wal, or the newer copy; to go on with this one all the same: rm {path.with_suffix('.mark')}",
        )


def identify(connection: apsw.Connection) -> tuple[bytes, int]:
    """The database's own id, and its epoch."""
    ((store, epoch),) = connection.execute("SELECT store, epoch FROM meta").fetchall()
    return UUID(str(store)).bytes, int(str(epoch))
