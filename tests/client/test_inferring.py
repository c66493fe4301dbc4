"""What a queen can be asked for an answer by."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest
from pydantic import BaseModel, Field

from queenlib import Queen, errors


@pytest.fixture(scope="module")
def queen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Queen]:
    """One queen for these tests."""
    with Queen(tmp_path_factory.mktemp("home")) as made:
        yield made


class Review(BaseModel):
    """A form of answer."""

    stars: int = Field(description="how {many}")


async def test_defaults_hold_for_tables_too(queen: Queen) -> None:
    """Where nothing else is said."""
    try:
        queen.defaults(model="sim:echo?text=usual")
        assert (await queen.infer("x")).text == "usual"
        job = queen.infer_batch({"a": ["x"]}, "{a}", tags="mine")
        assert (await job).model.name == "sim:echo?text=usual"
        assert job.record.terms.tags == ("mine",)
        made = await queen.infer_frame(pd.DataFrame({"a": ["x"]}), "{a}", model="sim:echo")
        assert made["answer"].tolist() == ["x"]
    finally:
        queen.defaults()


async def test_a_schema_is_in_the_operation(queen: Queen) -> None:
    """For the engine and, unless that is not wanted, for the model: types follow from there, and from no class."""
    frame = pd.DataFrame({"a": ["x"]})
    asked = queen.infer_frame(frame, "{a}", schema=Review, model="sim:words", system="Be kind.")
    made = await asked
    assert (made["stars"].tolist(), str(made["stars"].dtype)) == ([0], "Int64")
    request = asked.job.record.request
    assert request["json_schema"] == Review.model_json_schema()
    assert request["system"].startswith("Be kind.\n\n")
    assert json.dumps(Review.model_json_schema()).replace("{", "{{").replace("}", "}}") in request["system"]
    bare = queen.infer_frame(frame, "{a}", schema=Review, model="sim:words", schema_in_prompt=False)
    await bare
    assert bare.job.record.request["system"] is None
    again = queen.jobs.attach(asked.job.id)
    assert (await again.frame(of="rows"))["stars"].dtype == "Int64"


async def test_a_frame_tells_how_likely_each_choice_is(queen: Queen) -> None:
    """A column for each, kept with the answer; an answer without them would not do."""
    frame = pd.DataFrame({"a": ["x", None, "y"]}, index=[7, 7, 8])
    given: dict[str, Any] = {"choices": ["good", "so so"], "model": "sim:words", "temperature": 0.0}
    bare = queen.infer_frame(frame, "{a}", **given)
    assert list((await bare).columns) == ["answer", "error"]
    for cached in (0, 2):
        asked = queen.infer_frame(frame, "{a}", probabilities=True, prefix="m_", **given)
        made = await asked
        assert list(made.columns) == ["m_answer", "m_p_good", "m_p_so so", "m_error"]
        assert (made["m_p_good"] + made["m_p_so so"]).round(9).tolist() == [1.0, pd.NA, 1.0]
        assert (await asked.job).cached == cached
    rows = await asked.job.frame(of="rows")
    assert rows["p_good"].tolist() == made["m_p_good"].tolist()
    assert (await (await asked.retry_failed()))["m_p_good"].equals(made["m_p_good"])
    assert "p_good" in (await queen.preview(frame, "{a}", probabilities=True, **given)).frame
    with pytest.raises(errors.Conflict, match="has a column 'p_good' already"):
        queen.infer_frame(frame.assign(p_good=1), "{a}", probabilities=True, **given)
    with pytest.raises(errors.InvalidOperation, match="no texts to choose from"):
        queen.infer_frame(frame, "{a}", probabilities=True)


async def test_a_batch_can_tell_when_its_pieces_came(queen: Queen) -> None:
    """A row a piece, by the batch's row; an answer that is there already has its own, if they were asked for then."""
    frame, model = pd.DataFrame({"a": ["one two", "three"]}), "sim:echo"
    bare = queen.infer_frame(frame, "bare {a}", model=model, temperature=0.0)
    with pytest.raises(errors.Conflict, match="did not keep when the pieces"):
        await bare.job.frame(of="tokens")
    await bare
    later = queen.infer_frame(frame, "bare {a}", model=model, temperature=0.0, pieces=True)
    assert len(await later.job.frame(of="tokens")) == 0
    for _ in range(2):
        asked = queen.infer_frame(frame, "full {a}", model=model, temperature=0.0, pieces=True)
        await asked
        made = (await asked.job.frame(of="tokens")).sort_values(["row", "i"])
        assert made["text"].tolist() == ["full", " one", " two", "full", " three"]
        assert made["row"].tolist() == [0, 0, 0, 1, 1]
    assert (await asked.job).cached == 2


def test_what_they_take_is_spelled_out() -> None:
    """In the signature and in the docstring."""
    for method in (Queen.infer_batch, Queen.infer_frame):
        assert {"temperature", "max_tokens", "concurrency", "cache", "by_row"} <= set(inspect.signature(method).parameters)
        assert "concurrency: Rows that are asked at once" in (method.__doc__ or "")
