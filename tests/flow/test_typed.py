"""Typed answers of a real model: of their schema, and of the same types wherever they are read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
import pytest
from pydantic import BaseModel, Field

from queenlib import Queen
from tests.flow.conftest import served

Short = Annotated[str, Field(max_length=20)]


class Place(BaseModel):
    """Where it was."""

    city: Short


class Review(BaseModel):
    """An enum, a bounded integer, an optional, a list, and a nested class."""

    mood: Literal["good", "bad"]
    stars: int = Field(ge=1, le=5)
    note: Short | None = None
    words: Annotated[list[Short], Field(max_length=2)]
    place: Place


DTYPES = {"mood": "category", "stars": "Int64", "note": "string", "words": "object", "place.city": "string"}


def reviews(count: int) -> pd.DataFrame:
    """So many of them, with an index that has everything twice."""
    cities, moods = ("Rome", "Paris", "Oslo"), ("awful", "great")
    texts = [f"Review {n}: the food in {cities[n % 3]} was {moods[n % 2]}." for n in range(count)]
    return pd.DataFrame({"review": texts}, index=[n // 2 for n in range(count)])


async def typed(home: Path, model: str, count: int) -> None:
    """Ask, and read again far away and after a restart."""
    frame = reviews(count)
    with Queen(home) as queen:
        asked = queen.infer_frame(frame, "{review}", schema=Review, model=model, max_tokens=120, temperature=0.2, seed=1)
        made = await asked
        rows = await asked.rows()
    assert made.index.equals(frame.index)
    assert {name: str(kind) for name, kind in made.dtypes.items()} == {**DTYPES, "error": "string"}
    whole = [row for row in rows.values() if row.finish_reason == "stop"]
    assert len(whole) >= count / 2
    for row in whole:
        assert row.error is None
        Review.model_validate(row.parsed)
    assert all(row.error for row in rows.values() if row.finish_reason == "length")
    with served(home) as far:
        again = await far.jobs.attach(asked.job.id).frame(of="rows")
        later = await far.infer_frame(
            frame, "{review}", schema=Review, model=model, max_tokens=120, temperature=0.2, seed=1, cache="read"
        )
    pd.testing.assert_frame_equal(again[list(DTYPES)].set_axis(frame.index), made[list(DTYPES)])
    pd.testing.assert_frame_equal(later[made["error"].isna().tolist()], made[made["error"].isna().tolist()])


async def test_a_few_typed_answers(tmp_path: Path, real_model_path: Path) -> None:
    """A small version of the proof."""
    await typed(tmp_path, f"file:{real_model_path}", 2)


@pytest.mark.full
@pytest.mark.timeout(600)
async def test_fifty_typed_answers(tmp_path: Path, real_model_path: Path) -> None:
    """Each that was not cut off is of its schema."""
    await typed(tmp_path, f"file:{real_model_path}", 50)
