"""`df.queen`, and the frames that have a public name."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from queenlib import Queen, frames


async def test_a_frame_asks_a_queen(tmp_path: Path) -> None:
    """That of the short forms, or the one that is given; the columns are aligned with the frame."""
    frame = pd.DataFrame({"a": ["x", "y"]}, index=[3, 3])
    with Queen(tmp_path) as queen:
        made = await frame.queen.infer("<{a}>", queen=queen, model="sim:echo", stats=True)
    assert made["answer"].tolist() == ["<x>", "<y>"]
    assert made.index.tolist() == [3, 3]
    assert set(frames.STATS) <= set(made.columns)


def test_what_makes_frames_is_there() -> None:
    """Under the names that docstrings tell of."""
    assert len(frames.jobs_frame([])) == len(frames.events_frame([])) == len(frames.tokens_frame([])) == 0
    assert len(frames.rows_frame({}, 2, None)) == 2
