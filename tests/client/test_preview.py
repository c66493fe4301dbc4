"""A look before one pays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

from queenlib import Queen, errors, frames
from queenlib.client.preview import SHOWN, Preview, looked_at


@pytest.fixture(scope="module")
def queen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Queen]:
    """One queen for these tests."""
    with Queen(tmp_path_factory.mktemp("home")) as made:
        yield made


async def test_some_rows_are_asked_and_the_rest_is_reckoned(queen: Queen) -> None:
    """Those are real, with what was asked; the whole has them from the cache, and the estimate is about what is left."""
    cells = [*map(str, range(8)), None, "<b>"]
    frame = pd.DataFrame({"a": cells}, index=list("xy") * 5)
    model = "sim:words?tokens=10&tokens_per_s=200"
    seen = await queen.preview(frame, "look {a}", n=2, model=model, max_tokens=10, prefix="p_")
    assert seen.frame["question"].tolist() == ["look 0", "look 1"]
    assert seen.frame["p_answer"].notna().all()
    assert seen.frame.index.tolist() == ["x", "y"]
    assert (seen.rows, seen.cached, seen.failed, seen.to_run) == (10, 2, 1, 7)
    assert (seen.completion_tokens, seen.prompt_tokens) == (70, 7 * 3)
    assert seen.seconds == pytest.approx(7 * 10 / 200 / 4, rel=0.5)
    whole = await queen.infer_frame(frame, "look {a}", model=model, max_tokens=10).job
    assert whole.cached == 2
    assert str(seen).startswith("10 rows: 2 from cache, 7 to run, 1 that cannot be asked; about 21 tokens in and 70 out")


async def test_where_nothing_can_be_asked_nothing_is_reckoned(queen: Queen) -> None:
    """And what is shown is text, whatever is in it."""
    frame = pd.DataFrame({"a": [None], "b": ["<script>"]})
    seen = await frame.queen.preview("{a}", queen=queen, model="sim:echo")
    assert (seen.to_run, seen.seconds, seen.frame["question"].tolist()) == (0, 0.0, [""])
    shown = await queen.preview(frame, "{b}", model="sim:echo")
    assert "&lt;script&gt;" in shown._repr_html_()
    assert "<script>" not in shown._repr_html_()
    assert "from cache" in repr(shown)
    assert f"<td>{shown.frame['prompt_tokens'].iloc[0]}</td>" in shown._repr_html_(), "a number is on the right"
    assert ">nan<" not in seen._repr_html_(), "what is missing is blank"
    assert isinstance(shown, Preview)
    assert frames.STATS.keys() <= set(shown.frame.columns)


async def test_rows_that_can_be_asked_are_looked_at(queen: Queen) -> None:
    """However many before them have nothing in a cell; that these are many ends a batch, and no look."""
    frame = pd.DataFrame({"a": [None] * 5 + [f"{i}" for i in range(6)]}, index=list("abcdefghijk"))
    seen = await queen.preview(frame, "at {a}", n=2, model="sim:words?tokens=5", max_failures=0.05)
    assert (seen.frame["question"].tolist(), seen.frame.index.tolist()) == (["at 0", "at 1"], ["f", "g"])
    assert (seen.cached, seen.to_run, seen.failed, seen.completion_tokens) == (2, 4, 5, 20)


def test_which_rows_are_looked_at() -> None:
    """The first that can be asked, in their order; where they are fewer, the first that cannot make up the number."""
    frame = pd.DataFrame({"a": ["x", None, None, "y", "z"], "b": [None, "p", "p", "p", "p"]})
    assert [looked_at(frame, "{a}", n) for n in (1, 2, 4, 9)] == [[0], [0, 3], [0, 1, 3, 4], [0, 1, 2, 3, 4]]
    assert looked_at(frame, "{a}", 1, "Say {b}.") == [3]
    assert looked_at(frame, lambda row: row["b"], 1) == [1]
    assert looked_at(frame, "the same", 2) == [0, 1]
    assert looked_at(frame.iloc[:0], "{a}", 2) == []


async def test_where_nothing_was_answered_nothing_is_known(queen: Queen) -> None:
    """Neither tokens nor time: it does not say that there are none."""
    frame = pd.DataFrame({"a": ["w " * 20_000, "x"]})
    seen = await queen.preview(frame, "{a}", n=1, model="sim:echo")
    assert seen.frame["error"].str.startswith("PromptTooLong").all()
    assert (seen.prompt_tokens, seen.completion_tokens, seen.seconds, seen.to_run) == (None, None, None, 2)
    assert str(seen).endswith("tokens and time are not known: no row that was looked at was answered")
    assert "not known" in seen._repr_html_()


@pytest.mark.parametrize("n", [0, -1])
async def test_a_look_at_no_rows_is_refused(queen: Queen, n: int) -> None:
    """In four parts, and nothing is asked."""
    before = len((await queen.jobs.list()).jobs)
    with pytest.raises(errors.InvalidRequest, match="A look at") as caught:
        await queen.preview(pd.DataFrame({"a": ["x"]}), "{a}", n=n, model="sim:echo")
    assert all((caught.value.why, caught.value.state, caught.value.next))
    assert len((await queen.jobs.list()).jobs) == before


@pytest.mark.parametrize("form", [list, np.array, pd.Series])
async def test_what_differs_from_row_to_row(queen: Queen, form: Any) -> None:
    """Each row that is looked at has its own; another number of them than of rows is refused."""
    frame = pd.DataFrame({"a": [None, "p", "q", "r", "s", "t"]})
    limits = form([1, 2, 3, 4, 5, 6])
    given: dict[str, Any] = {"model": "sim:words?tokens=9", "by_row": {"max_tokens": limits}}
    seen = await queen.preview(frame, f"{form.__name__} {{a}}", n=2, **given)
    assert seen.frame["completion_tokens"].tolist() == [2, 3]
    assert (seen.cached, seen.to_run) == (2, 3)
    with pytest.raises(errors.InvalidRequest, match=r"6 values of 'max_tokens', and the frame has 2 rows"):
        await queen.preview(frame.iloc[:2], "{a}", **given)


async def test_long_texts_are_cut_where_they_are_shown(queen: Queen) -> None:
    """A notebook keeps their beginnings, and how long they are; the frame has all of them."""
    text = "y" * 50_000
    seen = await queen.preview(pd.DataFrame({"a": [text]}), "{a}", model="sim:echo")
    assert (seen.frame["question"][0], seen.frame["answer"][0]) == (text, text)
    shown = seen._repr_html_()
    assert shown.count(f">{'y' * SHOWN}… (50,000 characters)<") == 2
    assert len(shown) < 5_000


async def test_messages_may_come_one_by_one(queen: Queen) -> None:
    """From a generator as well, which gives them once."""
    messages = ({"role": "user", "content": each} for each in ["so {a}"])
    seen = await queen.preview(pd.DataFrame({"a": ["x", "y"]}), messages, n=1, model="sim:echo")
    assert (seen.frame["answer"].tolist(), seen.cached, seen.to_run) == (["so x"], 1, 1)
