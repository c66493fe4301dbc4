"""`df.queen`, and the frames that have a public name."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pandas as pd
import pytest

from queenlib import Queen, errors, frames
from tests.display.bare import bare

TRY = """
from queenlib.errors import MissingExtra
try:
    from queenlib import frames
except MissingExtra as error:
    print(error.extra, error, sep="; ")
"""


def test_without_pandas_it_is_said_how_to_get_it(tmp_path: Path) -> None:
    """The module of frames is refused like `job.frame()`: with the extra that it takes."""
    python = bare(tmp_path / "env")
    done = subprocess.run([python, "-c", TRY], capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    assert done.stdout.startswith("notebook; ")
    assert "pip install 'queenlib[notebook]'" in done.stdout


async def test_a_frame_asks_a_queen(tmp_path: Path) -> None:
    """That of the short forms, or the one that is given; the columns are aligned with the frame."""
    frame = pd.DataFrame({"a": ["x", "y"]}, index=[3, 3])
    with Queen(tmp_path) as queen:
        made = await frame.queen.infer("<{a}>", queen=queen, model="sim:echo", stats=True)
    assert made["answer"].tolist() == ["<x>", "<y>"]
    assert made.index.tolist() == [3, 3]
    assert set(frames.STATS) <= set(made.columns)


async def test_a_column_has_its_vectors(tmp_path: Path) -> None:
    """Aligned with the frame; a column that is not there is named with the nearest one."""
    frame = pd.DataFrame({"text": ["x", None]}, index=[3, 3])
    with Queen(tmp_path) as queen:
        made = await frame.queen.embed("text", queen=queen, model="sim:words?dimensions=4")
        with pytest.raises(errors.InvalidRequest, match="text"):
            frame.queen.embed("txt", queen=queen)
    assert made.index.tolist() == [3, 3]
    assert made.iloc[0].shape == (4,)
    assert made.isna().tolist() == [False, True]


def test_what_makes_frames_is_there() -> None:
    """Under the names that docstrings tell of."""
    assert len(frames.jobs_frame([])) == len(frames.events_frame([])) == len(frames.tokens_frame([])) == 0
    assert len(frames.rows_frame({}, 2, None)) == 2
    assert len(frames.vectors_frame({}, 2)) == 2
