"""Frames as Parquet files."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from queenlib import Queen, frames
from queenlib.columns import arrow
from queenlib.errors import InvalidRequest
from tests.columns.test_kept import TEXTS, VALUES

ROWS = 3
CELLS: dict[str, st.SearchStrategy[Any]] = {
    "string": st.none() | TEXTS,
    "Int64": st.none() | st.integers(-(2**63), 2**63 - 1),
    "Float64": st.none() | st.floats(allow_nan=False),
    "boolean": st.none() | st.booleans(),
    "int64": st.integers(-(2**63), 2**63 - 1),
    "float64": st.floats(),
    "object": VALUES,
    "datetime64[ns, UTC]": st.none()
    | st.datetimes(pd.Timestamp("1800").to_pydatetime(), pd.Timestamp("2200").to_pydatetime()),
    "category": st.none() | TEXTS,
}
"""What may stand in a column of each type."""
KEYS = {name: CELLS[name] for name in ("string", "Int64", "int64", "float64", "category", "boolean")} | {"object": TEXTS}
"""The same for a level of an index."""


NOTHING: dict[str, Any] = {"levels": [], "names": [], "of": {}}
"""What no columns were called."""


@st.composite
def series(draw: st.DrawFn, cells: dict[str, st.SearchStrategy[Any]]) -> pd.Series[Any]:
    """Values of one type, and some of them twice."""
    kind = draw(st.sampled_from(sorted(cells)))
    values = draw(st.lists(cells[kind], min_size=1, max_size=2))
    inorder = [draw(st.sampled_from(values)) for _ in range(ROWS)]
    if kind != "category":
        return pd.Series(inorder, dtype=kind)
    known = list(dict.fromkeys([*draw(st.lists(TEXTS, max_size=2)), *(each for each in inorder if each is not None)]))
    return pd.Series(pd.Categorical(inorder, pd.Index(known, dtype="object"), ordered=draw(st.booleans())))


@st.composite
def any_frame(draw: st.DrawFn) -> pd.DataFrame:
    """Columns of all types, an index of any levels with any names, and rows or none."""
    columns = draw(st.dictionaries(TEXTS, series(CELLS), max_size=4))
    frame = pd.DataFrame(columns, index=pd.RangeIndex(ROWS), columns=pd.Index(list(columns), dtype="str"))
    levels = draw(st.lists(series(KEYS), max_size=3))
    names = [draw(st.none() | TEXTS | st.sampled_from([*columns, None])) for _ in levels]
    if len(levels) == 1:
        frame.index = pd.Index(levels[0].array, dtype=levels[0].dtype, name=names[0])
    elif levels:
        frame.index = pd.MultiIndex.from_arrays([level.array for level in levels], names=names)
    return frame.iloc[: draw(st.sampled_from([0, 1, ROWS]))]


@st.composite
def headed(draw: st.DrawFn) -> pd.DataFrame:
    """Such a frame, with columns of one level or of several, of any types and names."""
    frame, depth = draw(any_frame()), draw(st.integers(1, 3))
    count = len(frame.columns)
    heads = draw(st.lists(st.tuples(*[TEXTS] * depth), min_size=count, max_size=count, unique=True))
    kinds = [draw(st.sampled_from(["str", "object", "string", "category"])) for _ in range(depth)]
    levels = [pd.Series([head[at] for head in heads], dtype=kind) for at, kind in enumerate(kinds)]
    frame.columns = pd.MultiIndex.from_arrays(levels, names=[draw(st.none() | TEXTS) for _ in kinds])
    return frame


def through(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    """It, written and read."""
    frames.to_parquet(frame, path)
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    return frames.read_parquet(path)


@settings(deadline=None)
@given(any_frame())
def test_any_frame_comes_back(frame: pd.DataFrame) -> None:
    """With its types, its index and its names; it is not touched, and other programs can read the file."""
    before = frame.copy()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "frame.parquet"
        assert_frame_equal(through(frame, path), before)
        assert pd.read_parquet(path).columns.tolist() == frame.columns.tolist()
    assert_frame_equal(frame, before)


@settings(deadline=None)
@given(headed())
def test_levels_of_columns_come_back(frame: pd.DataFrame) -> None:
    """With their types and names."""
    before = frame.copy()
    with TemporaryDirectory() as folder:
        again = through(frame, Path(folder) / "frame.parquet")
    assert_frame_equal(again, before)
    assert list(again.columns.dtypes) == list(before.columns.dtypes)  # type: ignore[attr-defined]
    assert_frame_equal(frame, before)


async def test_frames_of_jobs_and_rows_come_back(tmp_path: Path) -> None:
    """Those that a queen gives: jobs, events, pieces of an answer, rows, typed answers beside what was asked, comparison."""
    schema = {
        "type": "object",
        "properties": {
            "mood": {"enum": ["good", "bad"]}, "stars": {"type": "integer"}, "words": {"type": "array"},
            "so": {"type": "boolean"},
        },
        "required": ["mood", "stars", "words", "so"],
    }  # fmt: skip
    index = pd.MultiIndex.from_tuples([("a", 1), ("a", 1), ("b", 2)], names=["who", None])
    asked = pd.DataFrame({"a": ["x", "y", None]}, index=index)
    async with Queen(tmp_path / "home") as queen:
        batch = queen.infer_frame(asked, "<{a}>", schema=schema, model="sim:words", stats=True)
        made = [
            asked.assign(**dict(await batch)),
            await batch.job.frame(of="rows"),
            await batch.job.frame(of="events"),
            await queen.jobs.frame(),
        ]
        alone = queen.infer("x", model="sim:echo?text=hello")
        await alone
        made += [await alone.frame(of="tokens"), await queen.compare("sim:words?tokens=3", "sim:echo", prompts=["x", "y"])]
    folder = tmp_path / "kept"
    folder.mkdir()
    for frame in made:
        assert len(frame)
        assert_frame_equal(through(frame, folder / "frame.parquet"), frame)


def test_a_file_of_somebody_else_is_read(tmp_path: Path) -> None:
    """As pandas has it, wherever it lies: a folder's name is no column."""
    frame = pd.DataFrame({"a": [1, 2]}, index=pd.Index(["x", "y"], name="i"))
    path = tmp_path / "year=2026" / "frame.parquet"
    path.parent.mkdir()
    frame.to_parquet(path)
    assert_frame_equal(frames.read_parquet(path), frame)


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    """What was there stays when the new one cannot be kept, and nothing else lies about; it may be read by those who may."""
    path = tmp_path / "frame.parquet"
    first, second = pd.DataFrame({"a": [1]}), pd.DataFrame({"a": ["x"]})
    frames.to_parquet(first, path)
    for unfit in (pd.DataFrame({"a": [(1,)]}), pd.DataFrame({"a": [1j]})):
        with pytest.raises(InvalidRequest, match="cannot be kept in a Parquet file") as caught:
            frames.to_parquet(unfit, path)
        assert "Nothing was written" in caught.value.state
        assert "a" in caught.value.why
        assert_frame_equal(frames.read_parquet(path), first)
    assert_frame_equal(through(second, path), second)
    other = tmp_path / "other"
    other.touch()
    assert path.stat().st_mode == other.stat().st_mode


def test_names_that_a_file_cannot_have_are_said_with_what_to_do(tmp_path: Path) -> None:
    """What is said helps."""
    frame, path = pd.DataFrame([[1, 2]]), tmp_path / "frame.parquet"
    with pytest.raises(InvalidRequest, match="called 0, which is no text") as caught:
        frames.to_parquet(frame, path)
    assert "frame.rename(columns=str)" in caught.value.next
    assert_frame_equal(through(frame.rename(columns=str), path), frame.rename(columns=str))


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    """In a folder that is not there, or in place of one."""
    for path in (tmp_path / "no" / "frame.parquet", tmp_path, tmp_path / ("x" * 300)):
        with pytest.raises(InvalidRequest, match="cannot be written") as caught:
            frames.to_parquet(pd.DataFrame({"a": [1]}), path)
        assert caught.value.why
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    """Not there, no file, or no Parquet."""
    junk = tmp_path / "junk"
    junk.write_bytes(b"PAR1 and no more")
    for path, why in ((tmp_path / "no", "No such file"), (tmp_path, "Is a directory"), (junk, "no Parquet file")):
        with pytest.raises(InvalidRequest, match="cannot be read") as caught:
            frames.read_parquet(path)
        assert why in caught.value.why


@pytest.mark.parametrize(
    ("note", "why"),
    [
        ({"format": 2, "columns": {}, "levels": [], "names": []}, "Its format is 2; this version of queenlib knows 1."),
        ({"columns": {"a": {"dtype": "bees"}}, "levels": [], "names": []}, "bees"),
        ({"columns": {"a": {"dtype": "Int64"}}, "levels": [], "names": []}, "was changed"),
        ({"columns": {"a": {"dtype": "object"}}, "levels": [], "names": []}, "was changed"),
        ({"columns": {}, "levels": [], "names": [], "heads": NOTHING}, "was changed"),
        ({"columns": {}, "levels": [], "names": [], "heads": {**NOTHING, "of": {"a": ["b"]}}}, "was changed"),
        ({}, "was changed"),
        (None, "was changed"),
    ],
)
def test_a_note_that_does_not_fit_is_said(tmp_path: Path, note: Any, why: str) -> None:
    """Of a later version, or changed by somebody; the file can still be read without it."""
    path = tmp_path / "frame.parquet"
    with path.open("wb") as file:
        arrow.write(arrow.table(pd.DataFrame({"a": ["{"]}), json.dumps(note)), file)
    with pytest.raises(InvalidRequest, match="cannot be read") as caught:
        frames.read_parquet(path)
    assert why in caught.value.why
    assert "pandas.read_parquet(" in caught.value.next
    assert pd.read_parquet(path)["a"].tolist() == ["{"]
