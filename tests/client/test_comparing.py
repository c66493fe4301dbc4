"""What can be compared with what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest

from queenlib import Queen
from queenlib.errors import Conflict, InvalidRequest

A, B = "sim:echo?text=one", "sim:echo?text=other"


@pytest.fixture(scope="module")
def queen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Queen]:
    """One queen for these tests."""
    with Queen(tmp_path_factory.mktemp("home")) as made:
        yield made


async def test_several_models_are_asked_the_same(queen: Queen) -> None:
    """A job for each prompt and model; a row for each prompt, two levels of columns."""
    made = queen.compare(A, B, prompts=["x", "y", "x"], max_tokens=5)
    assert [[job.record.request["model"] for job in jobs] for jobs in made.jobs] == [[A, B]] * 3
    frame = await made
    assert (frame.index.name, list(frame.index)) == ("prompt", ["x", "y", "x"])
    assert frame[A]["answer"].tolist() == ["one"] * 3
    assert frame[B]["answer"].tolist() == ["other"] * 3
    assert (frame[B]["ttft_ms"] > 0).all()
    assert frame[A]["finish_reason"].tolist() == ["stop"] * 3


async def test_one_that_fails_is_an_error_in_its_place(queen: Queen) -> None:
    """The others are there."""
    frame = await queen.compare("sim:words?crash_at_token=2", A, prompts="x", names=["bad", "good"])
    assert frame["bad"]["error"].iloc[0].startswith("WorkerDied")
    assert pd.isna(frame["bad"]["answer"].iloc[0])
    assert frame["good"]["answer"].tolist() == ["one"]


async def test_batches_are_compared_row_by_row(queen: Queen) -> None:
    """With the index of the frame that was asked about, or the numbers of the rows."""
    data = pd.DataFrame({"a": ["x", None, "y"]}, index=list("kkm"))
    framed = [queen.infer_frame(data, "{a}", model=model) for model in (A, B)]
    frame = await queen.compare(*framed)
    assert list(frame.index) == list("kkm")
    assert frame[B]["answer"].fillna("").tolist() == ["other", "", "other"]
    assert frame[A]["error"].iloc[1].startswith("MissingCell")
    plain = [queen.infer_batch({"a": ["x", "y"]}, "{a}", model=A) for _ in range(2)]
    again = queen.compare(*plain)
    assert again.names == (A, f"{A} (2)")
    assert again.wait(60)[f"{A} (2)"]["answer"].tolist() == ["one", "one"]


async def test_there_is_a_frame_on_the_way_and_an_end_to_it(queen: Queen) -> None:
    """What has not come is missing; cancelled, what is answered stays."""
    made = queen.compare(A, "sim:words?tokens=999&tokens_per_s=20", prompts="x", max_tokens=999)
    await made.jobs[0][0]
    frame = await made.frame()
    assert frame[A]["answer"].tolist() == ["one"]
    assert frame.iloc[0, -1] is pd.NA
    with pytest.raises(TimeoutError):
        made.wait(0.05)
    await made.cancel()
    frame = await made
    assert frame[made.names[1]]["error"].iloc[0].startswith("JobCancelled")
    assert frame[A]["answer"].tolist() == ["one"]


@pytest.mark.parametrize(
    ("sides", "more"),
    [
        ((A,), {"prompts": "x"}),
        ((A, B), {}),
        ((A, B), {"prompts": ["x"] * 33}),
        ((A, B), {"prompts": "x", "names": ["one"]}),
        ((), {}),
    ],
)
def test_what_is_no_comparison_is_refused(queen: Queen, sides: tuple[str, ...], more: dict[str, Any]) -> None:
    """Before anything is asked."""
    with pytest.raises(InvalidRequest, match="cannot be compared"):
        queen.compare(*sides, **more)


def test_batches_of_other_rows_are_refused(queen: Queen) -> None:
    """And so is a model beside a batch."""
    one, other = (queen.infer_batch({"a": ["x"] * count}, "{a}", model=A) for count in (1, 2))
    with pytest.raises(Conflict, match="have 1, 2 rows"):
        queen.compare(one, other)
    with pytest.raises(InvalidRequest):
        queen.compare(one, A, prompts="x")
