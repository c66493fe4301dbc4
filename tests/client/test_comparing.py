"""What can be compared with what."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from queenlib import Queen, errors
from queenlib.errors import Conflict, InvalidOperation, InvalidRequest, QueueFull
from queenlib.registry.limits import Limits

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
    with pytest.raises(errors.NotEnded, match=made.jobs[0][1].id):
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
        ((None, None), {}),
    ],
)
def test_what_is_no_comparison_is_refused(queen: Queen, sides: tuple[Any, ...], more: dict[str, Any]) -> None:
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


@pytest.mark.parametrize(
    ("prompts", "more", "said"),
    [
        (["x", None], {}, "^Prompt 2 of 2 cannot be asked: "),
        (["x", "y", pd.NA], {}, "^Prompt 3 of 3 cannot be asked: "),
        (["x", 1.5], {}, "^Prompt 2 of 2 cannot be asked: .* prompt must be text; got 1.5"),
        (["x"], {"max_tokens": 0}, "^The payload is not an operation: max_tokens"),
        (["x"], {"key": "mine"}, "^The payload is not an operation: key is unknown"),
    ],
)
async def test_all_is_looked_at_before_a_job_is_made(
    queen: Queen, prompts: list[Any], more: dict[str, Any], said: str
) -> None:
    """A prompt that cannot be asked is named by its number, a parameter by its name; a key for several jobs is none."""
    before = len((await queen.jobs.list(limit=1000)).jobs)
    with pytest.raises(InvalidOperation, match=said):
        queen.compare(A, B, prompts=prompts, **more)
    assert len((await queen.jobs.list(limit=1000)).jobs) == before


async def test_a_queen_who_takes_no_more_says_what_was_made(tmp_path: Path) -> None:
    """The jobs before the one that she refuses go on."""
    slow = "sim:words?tokens=999&tokens_per_s=20"
    with Queen(tmp_path, limits=Limits(unfinished=3)) as queen:
        with pytest.raises(QueueFull) as caught:
            queen.compare(slow, slow, prompts=["x", "y"], max_tokens=999)
        assert caught.value.state == "No job was made. Jobs of this comparison made before it: 3; they go on."
        await queen.jobs.cancel_all(everything=True)


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ([1, 2, 3], [3, 2, 1], "row 0 is 1 in one, 3 in another"),
        (["x", "y", None], ["x", "y", "z"], "row 2 is .* in one, 'z' in another"),
        ([1, 2, 3], [1, 4, 3], "row 1 is 2 in one, 4 in another"),
    ],
)
async def test_frames_of_other_indexes_are_refused(queen: Queen, one: list[Any], other: list[Any], said: str) -> None:
    """A row would stand beside another's; of the jobs alone only the numbers of the rows are known, and count."""
    data = pd.DataFrame({"a": list("xyz")})
    batches = [queen.infer_frame(data.set_axis(index), "{a}", model=A) for index in (one, other)]
    with pytest.raises(Conflict, match=said):
        queen.compare(*batches)
    frame = await queen.compare(*(each.job for each in batches), names=["old", "new"])
    assert list(frame.index) == [0, 1, 2]


async def test_frames_of_equal_indexes_are_compared(queen: Queen) -> None:
    """Also where labels are there twice, or missing."""
    data = pd.DataFrame({"a": list("xyz")}, index=[1.0, 1.0, np.nan])
    frame = await queen.compare(*(queen.infer_frame(each, "{a}", model=A) for each in (data, data.copy())))
    assert frame.index.equals(data.index)


async def test_jobs_without_rows_are_refused(queen: Queen) -> None:
    """What is no batch has nothing to compare row by row, also where only its id is known."""
    asked, batch = queen.infer("x", model=A), queen.infer_batch({"a": ["x"]}, "{a}", model=A)
    for sides in ((asked, asked), (batch, queen.jobs.attach(asked.id))):
        with pytest.raises(Conflict, match=f"{asked.id} cannot be compared: it is a job of infer."):
            queen.compare(*sides)


async def test_batches_tell_how_likely_each_choice_was(queen: Queen) -> None:
    """Where they were asked for it, also where only the job is known."""
    schema = {"type": "string", "enum": ["good", "bad"]}
    given: dict[str, Any] = {"json_schema": schema, "model": "sim:words"}
    sure, other = (queen.infer_batch({"a": ["x", "y"]}, "{a}", probabilities=asked, **given) for asked in (True, False))
    frame = await queen.compare(queen.jobs.attach(sure.id), other, names=["sure", "other"])
    assert (frame["sure"]["p_good"] + frame["sure"]["p_bad"]).round(6).tolist() == [1.0, 1.0]
    assert "p_good" not in frame["other"]
