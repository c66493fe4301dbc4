"""The rows on the pages of a damaged database, read without SQLite: whatever else is wrong, each page stands for itself.

A page that is a leaf of a table holds whole rows, and each of our rows has its own CRC-32: what leads to the pages (the head
of the file, the schema, the inner pages, the order of the `-wal`) is not needed to read them. The forms are those of
https://sqlite.org/fileformat2.html.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PAGE = 4096
"""Bytes of a page; no database of ours has others."""
Value = int | bytes | str | None
Row = tuple[int, tuple[Value, ...]]
"""A row's number, and its columns; the number's own column is `None` among them."""


@dataclass(frozen=True)
class Found:
    """The rows on one version of a page."""

    rows: tuple[Row, ...] = ()
    beyond: tuple[Row, ...] = ()
    """What looks like more of them: the page does not count them, and they are old, unless the count is what is wrong."""
    whole: bool = True
    """Whether it has lost none."""


_LEAF = 0x0D
_LOCAL_MOST, _LOCAL_LEAST = PAGE - 35, (PAGE - 12) * 32 // 255 - 23
_WAL_HEAD, _FRAME_HEAD = 32, 24
_WIDTHS = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8, 8: 0, 9: 0}


class Pages:
    """The pages of a file and of the `-wal` beside it, in every version that they have of them."""

    def __init__(self, path: Path) -> None:
        self._file = path.read_bytes() if path.exists() else b""
        wal = path.with_name(f"{path.name}-wal")
        self._newer: defaultdict[int, list[bytes]] = defaultdict(list)
        for number, page in _frames(wal.read_bytes() if wal.exists() else b""):
            self._newer[number].insert(0, page)

    def numbers(self) -> list[int]:
        """The numbers of all pages that there are."""
        return sorted({*range(1, -(-len(self._file) // PAGE) + 1), *self._newer})

    def versions(self, number: int) -> list[bytes]:
        """What there is of a page, newest first; one that was cut off is filled up."""
        first = self._file[(number - 1) * PAGE : number * PAGE]
        return self._newer.get(number, []) + ([first.ljust(PAGE, b"\0")] if first else [])

    def rows(self, number: int, page: bytes) -> Found:
        """What one version of a page has; nothing if it is no leaf of a table."""
        start = 100 if number == 1 else 0
        if (page[start] ^ _LEAF).bit_count() > 1:
            return Found()
        count = int.from_bytes(page[start + 3 : start + 5])
        rows, beyond, whole = list[Row](), list[Row](), True
        at, lowest = start + 8, PAGE
        while at + 2 <= lowest:  # up to the first row: the count may be what is wrong
            cell, counted = int.from_bytes(page[at : at + 2]), (at - start - 8) // 2 < count
            try:
                (rows if counted else beyond).append(self._row(page, cell))
                lowest = min(lowest, cell)
            except (IndexError, ValueError, KeyError):
                whole = whole and not counted
            at += 2
        if page[start] == _LEAF:
            return Found(tuple(rows), tuple(beyond), whole=whole)
        return (
            Found((), tuple(rows), whole=False) if rows and whole else Found()
        )  # one bit from a leaf, and it reads like one

    def _row(self, page: bytes, cell: int) -> Row:
        if cell < 8:
            raise ValueError("no place for a row")
        length, at = _varint(page, cell)
        number, at = _varint(page, at)
        if length > PAGE * (len(self._newer) + len(self._file) // PAGE + 1):
            raise ValueError("longer than all there is")
        local = length
        if length > _LOCAL_MOST:
            local = _LOCAL_LEAST + (length - _LOCAL_LEAST) % (PAGE - 4)
            local = local if local <= _LOCAL_MOST else _LOCAL_LEAST
        body = page[at : at + local]
        if length > local:
            body += self._overflow(int.from_bytes(page[at + local : at + local + 4]), length - local)
        if len(body) != length:
            raise ValueError("cut off")
        return number, tuple(_columns(body))

    def _overflow(self, number: int, length: int) -> bytes:
        """The rest of a row that is longer than its page."""
        parts = list[bytes]()
        while length > 0:
            page = self.versions(number)[0]
            parts.append(page[4 : 4 + min(length, PAGE - 4)])
            length -= PAGE - 4
            number = int.from_bytes(page[:4])
        return b"".join(parts)


def _frames(wal: bytes) -> Iterator[tuple[int, bytes]]:
    """The pages of a `-wal` up to its last commit, oldest first; also those after a frame that is damaged."""
    frames = [wal[at : at + _FRAME_HEAD + PAGE] for at in range(_WAL_HEAD, len(wal), _FRAME_HEAD + PAGE)]
    if not frames:
        return
    salts = {wal[16:24], frames[0][8:16]}  # those of older frames, which it is written over, are others
    frames = [frame for frame in frames if frame[8:16] in salts]
    commits = [index for index, frame in enumerate(frames) if any(frame[4:8])]
    for frame in frames[: commits[-1] + 1 if commits else 0]:
        yield int.from_bytes(frame[:4]), frame[_FRAME_HEAD:].ljust(PAGE, b"\0")


def _columns(body: bytes) -> Iterator[Value]:
    """The columns of a row."""
    end, at = _varint(body, 0)
    value = end
    while at < end:
        kind, at = _varint(body, at)
        width = (kind - 12) // 2 if kind >= 12 else _WIDTHS[kind]
        said = body[value : value + width]
        if len(said) != width:
            raise ValueError("a column that is cut off")
        value += width
        if kind >= 12:
            yield said.decode() if kind % 2 else said
        else:
            yield {0: None, 9: 1}.get(kind, int.from_bytes(said, signed=True))


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of one to nine bytes, the high ones first; and where what follows is."""
    number = 0
    for index in range(8):
        byte = data[at + index]
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            return number, at + index + 1
    number = number << 8 | data[at + 8]
    return number - (1 << 64) if number >= 1 << 63 else number, at + 9
