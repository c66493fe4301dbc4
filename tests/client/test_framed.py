"""A model's answers as columns of a DataFrame."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.pandas import column, data_frames, indexes, range_indexes

from queenlib import Queen, errors
from queenlib.client.batching import question
from queenlib.client.framed import FrameJob, Shape, frame_operation
from queenlib.messages.infer import ChatMessage
from queenlib.operations.questions import Questions

ECHO = "sim:echo"
CELLS = st.none() | st.text(max_size=6) | st.integers() | st.floats() | st.booleans()
ROWS = data_frames(
    [column("a", elements=CELLS, dtype="object"), column("b c", elements=st.integers(-9, 9), dtype="int64")],
    index=range_indexes(max_size=6) | indexes(elements=st.text(max_size=2), max_size=6, unique=False),
)


@pytest.fixture(scope="module")
def queen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Queen]:
    """One queen for these tests."""
    with Queen(tmp_path_factory.mktemp("home")) as made:
        yield made


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(frame=ROWS)
def test_any_frame_comes_back_with_its_index(queen: Queen, frame: pd.DataFrame) -> None:
    """Its order is kept, whatever is in it and however often; it is not touched; what is missing is an error of its row."""
    before = frame.copy(deep=True)
    made = queen.infer_frame(frame, "<{a}|{b c}>", model=ECHO).wait(60)
    pd.testing.assert_frame_equal(frame, before)
    assert made.index.equals(frame.index)
    assert list(made.columns) == ["answer", "error"]
    for (a, b), answer, error in zip(frame.itertuples(index=False, name=None), made["answer"], made["error"], strict=True):
        missing = pd.isna(a)
        assert pd.isna(answer) == missing
        assert missing or answer == f"<{a}|{b}>".encode(errors="replace").decode()
        assert pd.isna(error) != missing


TALKS: st.SearchStrategy[Any] = st.lists(
    st.builds(dict, role=st.sampled_from(["system", "user", "assistant"]), content=st.text(max_size=9) | st.just("{a} {{")),
    min_size=1, max_size=4,
)  # fmt: skip


@given(st.lists(TALKS | st.text(max_size=9), min_size=1, max_size=6), st.booleans())
def test_what_a_function_gives_is_what_is_asked(said: list[Any], as_messages: bool) -> None:
    """Exactly: texts and messages, each row as many as it has, whatever braces are in them."""
    frame = pd.DataFrame({"a": range(len(said))})

    def ask(row: Mapping[Hashable, Any]) -> Any:
        one = said[row["a"]]
        return [ChatMessage(**each) for each in one] if as_messages and not isinstance(one, str) else one

    operation = frame_operation(frame, ask, Shape(frame.index, "", False))
    made = [Questions(operation).generation(i).messages for i in range(len(said))]
    assert [[each.wire() for each in one] for one in made] == [
        [{"role": "user", "content": one}] if isinstance(one, str) else one for one in said
    ]
    assert [question(operation, i) for i in range(len(said))] == [one[-1].content for one in made]


async def test_rows_of_different_lengths_are_asked(queen: Queen) -> None:
    """A function gives each row its own messages; those that fail are asked again as they were, and a bad one is named."""
    frame = pd.DataFrame({"a": ["x", None, "y"]})

    def ask(row: Mapping[Hashable, Any]) -> Any:
        before = [{"role": "user", "content": "{"}, {"role": "assistant", "content": "}"}] if row["a"] == "y" else []
        return None if pd.isna(row["a"]) else [*before, {"role": "user", "content": f"{{{row['a']}}}"}]

    asked = queen.infer_frame(frame, ask, model=ECHO)
    made = await asked
    assert made["answer"].tolist() == ["{x}", pd.NA, "{y}"]
    assert made["error"][1].startswith("MissingCell")
    again = await (await asked.retry_failed())
    assert again["answer"].tolist() == ["{x}", pd.NA, "{y}"]
    seen = await queen.preview(frame, ask, model=ECHO)
    assert seen.frame["question"].tolist() == ["{x}", "", "{y}"]
    assert (seen.cached, seen.failed) == (2, 1)
    with pytest.raises(errors.InvalidOperation, match=r"row 0 of column 'question' is no conversation: 0\.role"):
        queen.infer_frame(frame, lambda _: [{"role": "robot", "content": "x"}], model=ECHO)


async def test_a_multi_index_stays(queen: Queen) -> None:
    """With its names; so do columns that are no texts."""
    index = pd.MultiIndex.from_tuples([("x", 1), ("x", 1), ("y", 2)], names=["one", "two"])
    frame = pd.DataFrame({7: ["p", "q", "r"]}, index=index)
    made = await queen.infer_frame(frame, "{7}", model=ECHO, prefix="model_", stats=True)
    assert made.index.equals(index)
    assert made.index.names == ["one", "two"]
    assert made["model_answer"].tolist() == ["p", "q", "r"]
    assert made["model_finish_reason"].tolist() == ["stop"] * 3
    joined = frame.join(made.reset_index(drop=True).set_axis(index).iloc[:0])
    assert len(joined) == 3


async def test_all_questions_may_be_the_same(queen: Queen) -> None:
    """A template that names no column is asked once for each row; of no rows nobody is asked."""
    frame = pd.DataFrame({"a": [1, 2, 3]})
    made = queen.infer_frame(frame, "hello", model=ECHO)
    assert (await made)["answer"].tolist() == ["hello"] * 3
    none = await queen.infer_frame(frame.iloc[:0], "{a}", model=ECHO, choices=["x"])
    assert (len(none), str(none["answer"].dtype)) == (0, "category")


async def test_failed_rows_are_asked_again_and_come_in_the_same_frame(queen: Queen) -> None:
    """With what is different this time; those that were answered are not asked, also the third time."""
    schema: dict[str, Any] = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    frame = pd.DataFrame({"a": ["x", None, "y"]}, index=[5, 5, 6])
    given: dict[str, Any] = {"schema": schema, "model": "sim:words", "stats": True}
    short = queen.infer_frame(frame, "retry {a}", max_tokens=1, **given)
    first = await short
    assert first["error"].notna().all()
    assert str(first["n"].dtype) == "Int64"
    longer = await short.retry_failed(max_tokens=64)
    assert isinstance(longer, FrameJob)
    second = await longer
    assert second["n"].tolist() == [0, pd.NA, 0]
    assert second["error"].notna().tolist() == [False, True, False]
    assert second.index.tolist() == [5, 5, 6]
    third = await longer.retry_failed()
    assert third.job.record.request["rows"] == 1
    pd.testing.assert_frame_equal((await third).drop(columns="attempts"), second.drop(columns="attempts"))
    fine = queen.infer_frame(pd.DataFrame({"a": ["x"]}), "{a}", model=ECHO)
    await fine
    with pytest.raises(errors.Conflict, match="No row has failed"):
        await fine.retry_failed()


async def test_a_row_may_be_asked_again_while_the_others_are_asked(queen: Queen) -> None:
    """The frame has them all in the end."""
    frame = pd.DataFrame({"a": [None, *(str(n) for n in range(25))]})
    slow = queen.infer_frame(frame, "again {a}", model="sim:words?tokens=10&tokens_per_s=100", max_tokens=10)
    while (await slow.frame())["error"].isna().all():
        await asyncio.sleep(0.02)
    again = await slow.retry_failed()
    made = await again
    assert made["error"].notna().tolist() == [True] + [False] * 25
    assert made["answer"].notna().sum() == 25
    pd.testing.assert_frame_equal(again.wait(), made)


async def test_columns_may_be_in_what_the_model_is_told(queen: Queen) -> None:
    """Beside a function too; parameters of rows may be a column as well."""
    frame = pd.DataFrame({"a": ["x", "y"], "lang": ["es", None], "most": [5, None]})
    asked = queen.infer_frame(frame, "{a}", system="Speak {lang}.", model=ECHO, by_row={"max_tokens": frame["most"]})
    assert (await asked)["error"].notna().tolist() == [False, True]
    assert asked.job.record.request["system"] == "Speak {lang}."
    by_function = queen.infer_frame(frame, lambda row: row["a"], system="Speak {lang}.", model=ECHO)
    assert (await by_function)["answer"].notna().tolist() == [True, False]
    with pytest.raises(errors.InvalidRequest, match="did you mean 'lang'"):
        queen.infer_frame(frame, "{a}", system="Speak {langg}.")


async def test_a_frame_may_be_looked_at_before_it_is_whole(queen: Queen) -> None:
    """What has not ended is missing; after a cancel it stays as it was."""
    frame = pd.DataFrame({"a": [str(n) for n in range(60)]})
    asked = queen.infer_frame(frame, "part {a}", model="sim:words?tokens=20&tokens_per_s=100", max_tokens=20)
    while (part := (await asked.frame())["answer"]).notna().sum() < 2:
        await asyncio.sleep(0.05)
    assert part.isna().any()
    await asked.job.cancel()
    kept = (await asked.frame())["answer"]
    assert 2 <= kept.notna().sum() < 60
    with pytest.raises(errors.JobCancelled):
        await asked
    assert "FrameJob" in repr(asked)


def test_what_cannot_be_asked_is_said_at_once(queen: Queen) -> None:
    """Before a job is made."""
    frame = pd.DataFrame({"review": ["x"], "answer": [1]})
    with pytest.raises(errors.InvalidRequest, match="did you mean 'review'"):
        queen.infer_frame(frame.drop(columns="answer"), "{reviw}")
    with pytest.raises(errors.Conflict, match="has a column 'answer' already"):
        queen.infer_frame(frame, "{review}")
    with pytest.raises(ZeroDivisionError):
        queen.infer_frame(frame, lambda row: str(1 // (row["answer"] - 1)), prefix="p_")
