"""Frames as Parquet files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

import pandas as pd
from pydantic import ValidationError

from queenlib.columns.kept import FORMAT, Note, keep, restore
from queenlib.columns.named import Unnamed
from queenlib.errors import InvalidRequest

FilePath = str | os.PathLike[str]

_CHANGE = "Change or leave out what it names: frame.astype({'column': 'string'}), frame.drop(columns='column')"


def to_parquet(frame: pd.DataFrame, path: FilePath) -> None:
    """Write a frame into a Parquet file, in one step: whoever reads it sees the file before or the whole new one.

    `read_parquet` gives it back with the same types and index. Other programs can read it: categories stand in it as text,
    and what is no plain value (a list, a dict) as JSON. The frequency of an index is not kept.

    Args:
        frame: Any whose columns have names of their own that are texts, in one level or in several.
        path: Where to; a file that is there is replaced.

    Raises:
        MissingExtra: pyarrow is not installed.
        InvalidRequest: Something in the frame would not come back as it is, or the file cannot be written.
    """
    from queenlib.columns import arrow

    path = Path(path)
    try:
        kept, note = keep(frame)
        made = arrow.table(kept, note.model_dump_json())
        with _replacing(path) as file:
            arrow.write(made, file)
    except arrow.UNFIT as error:
        raise InvalidRequest(
            "The frame cannot be kept in a Parquet file.",
            why=f"{_line(error)}.",
            state=f"Nothing was written to {path}.",
            next=error.next if isinstance(error, Unnamed) else _CHANGE,
        ) from None
    except OSError as error:
        raise InvalidRequest(
            f"{path} cannot be written.",
            why=f"{error.strerror or _line(error)}.",
            state="What was there is as it was.",
            next="Name a file in a folder that is there and that you may write to.",
        ) from None


@contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    """A file beside it, which takes its place when it is whole and on the disk."""
    draft = path.with_name(f".{path.name}.{token_hex(4)}")
    try:
        with draft.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def read_parquet(path: FilePath) -> pd.DataFrame:
    """The frame in a Parquet file: as it was, if `to_parquet` wrote it, else as pandas has it.

    Args:
        path: The file.

    Raises:
        MissingExtra: pyarrow is not installed.
        InvalidRequest: It cannot be read, is no Parquet, or a later version of queenlib wrote it.
    """
    from queenlib.columns import arrow

    path = Path(path)
    try:
        with path.open("rb") as file:
            frame, said = arrow.read(file)
    except OSError as error:
        raise _refused(path, f"{error.strerror or _line(error)}.", "Name a file that is there.") from None
    except arrow.UNREADABLE as error:
        raise _refused(path, f"It is no Parquet file: {_line(error)}.", "Name one that is.") from None
    if said is None:
        return frame
    plain = f"Read it without what queenlib noted: pandas.read_parquet({str(path)!r})"
    try:
        note = Note.model_validate_json(said)
        if note.format > FORMAT:
            raise _refused(path, f"Its format is {note.format}; this version of queenlib knows {FORMAT}.", plain)
        return restore(frame, note)
    except (ValueError, TypeError, RecursionError) as error:
        why = "The note" if isinstance(error, ValidationError) else f"What queenlib noted in it ({_line(error)})"
        raise _refused(path, f"{why} is not of this file, or was changed.", plain) from None


def _refused(path: Path, why: str, next: str) -> InvalidRequest:
    return InvalidRequest(f"{path} cannot be read.", why=why, state="Nothing was changed.", next=next)


def _line(error: Exception) -> str:
    """What an error says, in a line."""
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
