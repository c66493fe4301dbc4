"""All that is pyarrow: frames in the bytes of a Parquet file, and out of them."""

from __future__ import annotations

from typing import Any, BinaryIO

import pandas as pd

from queenlib.errors import MissingExtra

try:
    import pyarrow
    from pyarrow import parquet
except ImportError as error:
    raise MissingExtra(
        "Parquet files cannot be read or written here.",
        why="pyarrow is not installed.",
        state="Nothing was done.",
        next="pip install 'queenlib[parquet]'",
        extra="parquet",
    ) from error

KEY = b"queenlib"
"""Where our note is in the metadata of a file's schema."""
UNFIT: tuple[type[Exception], ...] = (pyarrow.ArrowException, TypeError, ValueError, OverflowError)
"""What is raised for values that a file cannot hold."""
UNREADABLE: tuple[type[Exception], ...] = (pyarrow.ArrowException, ValueError)
"""What is raised for bytes that are no Parquet."""


def table(frame: pd.DataFrame, note: str) -> Any:
    """A frame as it stands in a file, with a note of ours beside what pandas says of it.

    Raises:
        Exception: One of `UNFIT`: a file cannot hold it.
    """
    # Numbers from 0 are no column of a file, unless there is no other: then nothing else says how many rows there are.
    made = pyarrow.Table.from_pandas(frame, preserve_index=None if len(frame.columns) else True)
    return made.replace_schema_metadata({**(made.schema.metadata or {}), KEY: note.encode()})


def write(made: Any, file: BinaryIO) -> None:
    """Write a table into a file."""
    parquet.write_table(made, file, compression="zstd")


def read(file: BinaryIO) -> tuple[pd.DataFrame, str | None]:
    """The frame in a file, and our note; `None` where it has none.

    Raises:
        Exception: One of `UNREADABLE`: it is no Parquet.
    """
    made = parquet.ParquetFile(file).read()
    note = (made.schema.metadata or {}).get(KEY)
    return made.to_pandas(), None if note is None else note.decode(errors="replace")
