"""The window that goes through a file."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from queenlib.models.gguf_cursor import Cursor, Malformed
from tests.models.make_gguf import text


def test_reads_what_is_next(tmp_path: Path) -> None:
    """Numbers, texts and bytes come in order, and the position is behind them."""
    path = tmp_path / "it"
    path.write_bytes(struct.pack("<Ih", 7, -3) + text("é") + b"rest")
    with path.open("rb") as file:
        cursor = Cursor(file)
        assert (cursor.number("I", "a"), cursor.number("h", "b"), cursor.text(10, "c")) == (7, -3, "é")
        assert (cursor.take(4, "d"), cursor.position, cursor.size) == (b"rest", 20, 20)
        with pytest.raises(Malformed, match="e: 1 bytes from byte 20 on in a file of 20"):
            cursor.take(1, "e")


def test_passes_over_texts_across_windows(tmp_path: Path) -> None:
    """Texts that lie across the border of a window, or are longer than one, are passed over."""
    path = tmp_path / "it"
    path.write_bytes(b"".join(text("x" * length) for length in (2**20 - 12, 1, 2 * 2**20, 0)) + b"end")
    with path.open("rb") as file:
        cursor = Cursor(file)
        cursor.skip_strings(4, "texts")
        assert cursor.take(3, "end") == b"end"


def test_refuses_what_is_too_long_or_no_text(tmp_path: Path) -> None:
    """A text over its limit, one that is no UTF-8, and a list that goes on behind the end are refused."""
    path = tmp_path / "it"
    path.write_bytes(text("abc") + struct.pack("<Q", 1) + b"\xff")
    with path.open("rb") as file:
        with pytest.raises(Malformed, match="length of name: 3 bytes, where 2 is the most"):
            Cursor(file).text(2, "name")
        file.seek(0)
        with pytest.raises(Malformed, match="it is cut off"):
            Cursor(file).skip_strings(5, "list")
        file.seek(0)
        cursor = Cursor(file)
        cursor.skip(11, "first")
        with pytest.raises(Malformed, match="second: is no UTF-8"):
            cursor.text(9, "second")
