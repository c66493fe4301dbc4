"""Vectors of texts, as arrays and as a column."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from queenlib import Queen, errors

MODEL = "sim:words?dimensions=5"


@pytest.fixture(scope="module")
def queen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Queen]:
    """One queen for these tests."""
    with Queen(tmp_path_factory.mktemp("home")) as made:
        yield made


async def test_texts_become_an_array(queen: Queen) -> None:
    """One row each, in their order; `wait` gives the same."""
    made = await queen.embed(["a", "b", "a"], model=MODEL)
    assert (made.shape, made.dtype) == ((3, 5), np.dtype(np.float32))
    assert np.linalg.norm(made, axis=1) == pytest.approx([1, 1, 1], rel=1e-5)
    assert (made[0] == made[2]).all()
    assert (queen.embed(pd.Series(["a", "b", "a"]), model=MODEL).wait(60) == made).all()


async def test_a_column_becomes_a_column(queen: Queen) -> None:
    """Aligned with any index; it is not touched, and the same vectors are in the job's frame."""
    index = pd.MultiIndex.from_tuples([("x", 1), ("x", 1), ("y", 2)])
    column = pd.Series(["a", None, "b"], index=index, name="t")
    before = column.copy(deep=True)
    asked = queen.embed_frame(column, model=MODEL)
    made = await asked
    pd.testing.assert_series_equal(column, before)
    assert made.index.equals(index)
    assert (made.name, made.isna().tolist()) == ("t", [False, True, False])
    assert {(cell.shape, cell.dtype) for cell in made.dropna()} == {((5,), np.dtype(np.float32))}
    frame = await asked.job.frame(of="vectors")
    assert np.stack(frame["vector"].tolist()).tolist() == np.stack(made.dropna().tolist()).tolist()
    assert asked.job.record.request["texts"] == []
    assert "embed" in repr(asked)


async def test_a_frame_says_why_a_cell_has_no_vector(queen: Queen) -> None:
    """Of each cell, with the column's own index: missing, empty or too long; of a list of texts by their numbers."""
    column = pd.Series(["a", None, "", "word " * 600, "b"], index=[5, 5, 6, 7, 8])
    asked = queen.embed_frame(column, model=MODEL)
    made = await asked
    frame = await asked.frame()
    assert frame.index.tolist() == [5, 5, 6, 7, 8]
    assert frame["vector"].isna().tolist() == made.isna().tolist() == [False, True, True, True, False]
    said = ["nothing in this cell", "text is empty", "PromptTooLong"]
    assert all(each in error for each, error in zip(said, frame["error"].dropna(), strict=True))
    listed = queen.embed(["a", "word " * 600], model=MODEL)
    with pytest.raises(errors.PromptTooLong):
        await listed
    assert (await listed.frame())["error"].isna().tolist() == [True, False]


async def test_a_frame_has_what_there_is_by_now(queen: Queen) -> None:
    """It waits for nothing; a text that is not done has neither a vector nor an error."""
    asked = queen.embed_frame(pd.Series(["a", None]), model=f"{MODEL}&load_s=600")
    frame = await asked.frame()
    assert (frame["vector"].isna().tolist(), frame["error"].isna().tolist()) == ([True, True], [True, False])
    await asked.job.cancel()


async def test_a_text_too_long(queen: Queen) -> None:
    """Is the error of an array, and a missing cell of a column."""
    texts = ["a", "word " * 600]
    with pytest.raises(errors.PromptTooLong, match="Text 1 of 2"):
        await queen.embed(texts, model=MODEL)
    made = queen.embed_frame(pd.Series(texts), model=MODEL)
    assert (await made).isna().tolist() == [False, True]
    assert (await made.job).failures == {"PromptTooLong": 1}


async def test_what_is_refused(queen: Queen) -> None:
    """On the line that asks, and no job was made: no texts, empty ones, other things, a column of nothing."""
    before = len((await queen.jobs.list()).jobs)
    with pytest.raises(errors.InvalidOperation, match="give texts"):
        queen.embed([])
    with pytest.raises(errors.InvalidOperation, match=r"texts\.1"):
        queen.embed(["a", ""])
    with pytest.raises(errors.InvalidRequest):
        queen.embed("a")
    with pytest.raises(errors.InvalidOperation, match="give texts"):
        queen.embed_frame(pd.Series([None, ""]))
    with pytest.raises(errors.InvalidRequest):
        queen.embed_frame(pd.Series([1]))
    assert len((await queen.jobs.list()).jobs) == before


async def test_what_is_said_once_holds(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The model and the hive of `defaults`."""
    with Queen(tmp_path_factory.mktemp("home")).defaults(model=MODEL, hive="local") as queen:
        asked = queen.embed(["a"], tags="index")
        assert (await asked).shape == (1, 5)
        assert asked.job.record.request["model"] == MODEL
        assert asked.job.record.terms.tags == ("index",)
