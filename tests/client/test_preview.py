"""A look before one pays."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import pytest

from queenlib import Queen, frames
from queenlib.client.preview import Preview


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
