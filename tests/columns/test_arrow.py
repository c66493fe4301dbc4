"""Frames in the bytes of a Parquet file."""

from __future__ import annotations

import subprocess
from io import BytesIO
from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from queenlib.columns import arrow
from tests.display.bare import bare

TRY = """
from queenlib import frames
from queenlib.errors import MissingExtra
for call in (lambda: frames.to_parquet(frames.jobs_frame([]), "x"), lambda: frames.read_parquet("x")):
    try:
        call()
    except MissingExtra as error:
        print(error.extra, error, sep="; ")
"""


def test_a_note_travels_with_a_frame() -> None:
    """Beside what pandas says of it, which others read."""
    frame = pd.DataFrame({"a": [1, 2]}, index=pd.Index(["x", "x"], name="i"))
    file = BytesIO()
    arrow.write(arrow.table(frame, "né"), file)
    read, note = arrow.read(BytesIO(file.getvalue()))
    assert_frame_equal(read, frame)
    assert note == "né"
    assert_frame_equal(pd.read_parquet(BytesIO(file.getvalue())), frame)


def test_a_file_without_a_note_has_none() -> None:
    """It is that of somebody else."""
    file = BytesIO(pd.DataFrame({"a": [1]}).to_parquet())
    assert arrow.read(file)[1] is None


def test_what_it_cannot_do_is_raised_as_it_says() -> None:
    """Values that no file holds, and bytes that are no file."""
    with pytest.raises(arrow.UNFIT):
        arrow.table(pd.DataFrame({"a": [1j]}), "")
    with pytest.raises(arrow.UNREADABLE):
        arrow.read(BytesIO(b"PAR1"))


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    """Frames are there without pyarrow; files are not, and one typed error says how to install it."""
    python = bare(tmp_path / "env", "pandas")
    done = subprocess.run([python, "-c", TRY], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    assert [line.partition(";")[0] for line in done.stdout.splitlines()] == ["parquet", "parquet"]
    assert "pip install 'queenlib[parquet]'" in done.stdout
    assert not (tmp_path / "x").exists()
