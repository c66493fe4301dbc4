"""The modules of the page: what they work out, apart from what they show."""

from __future__ import annotations

from typing import Any

import pytest

from tests.widgets.page import page

TEXTS = ["", "a", "abc", "word ", "one two three four ", "x" * 9, "蜜蜂在跳舞", "🐝🐝🐝🐝🐝", "👩‍🚀 flies", "a\n\nb c\td"]
FLOW = """async (pieces, calm) => {
  const [put, at] = [[], [performance.now()]];
  const text = flow((piece) => { put.push(piece); at.push(performance.now()); }, () => calm);
  pieces.forEach(text.add);
  await new Promise((done) => setTimeout(done, 300));
  return [put, at.at(-1) - at[0]];
}"""
ROWS = """(cells, wanted) => cells.filter((each) => isWanted(each, 1, wanted)).map((each) => each[0])"""


def test_a_piece_is_put_in_three_parts() -> None:
    """Together they are the piece, and no character is torn; a word is not, where the piece has several."""
    for text, found in zip(TEXTS, page(("common",), "(texts) => texts.map(parts)", TEXTS), strict=True):
        assert "".join(found) == text
        assert len(found) <= 3
        assert all(found)
    assert page(("common",), "parts", "one two three four five six ") == ["one two three ", "four five ", "six "]
    assert page(("common",), "parts", "word ") == ["word "]


def test_a_text_flows() -> None:
    """Each piece comes in steps, the rest of it a moment later or with the next one; without motion, in one."""
    put, took = page(("common",), FLOW, ["one two three four five six ", "bee "], False)
    assert put == ["one two three ", "four five six ", "bee "]
    put, took = page(("common",), FLOW, ["one two three four five six "], False)
    assert (put, 150 < took < 290) == (["one two three ", "four five ", "six "], True)
    put, _ = page(("common",), FLOW, ["one two three four ", "five six "], True)
    assert put == ["one two three four ", "five six "]


@pytest.mark.parametrize(
    ("place", "at", "piece", "new"),
    [
        (0, 0, "bees", "bees"),
        (2, 0, "bees", "es"),
        (4, 0, "bees", ""),
        (1, 1, "🐝!", "🐝!"),
        (2, 1, "🐝!", "!"),
        (0, 3, "x", None),
    ],
)
def test_what_is_new_of_a_piece_is_told(place: int, at: int, piece: str, new: str | None) -> None:
    """It may come twice or overlap; where something is missing before it, that is said. Characters are code points."""
    assert page(("common",), "fresh", place, at, piece) == new


def test_speed_is_that_of_the_last_seconds() -> None:
    """Nothing is said of the first moment; then tokens a second, whatever it was before."""
    told = page(
        ("common",),
        """() => {
          let at = 0;
          const speed = speedometer(() => at);
          const said = [];
          for (let step = 0; step < 60; step++) {
            said.push(speed(step < 30 ? step : 30 + (step - 30) * 10));
            at += 100;
          }
          return said;
        }""",
    )
    assert told[:3] == [None, None, None]
    assert (told[20], told[-1]) == (10, 100)


def test_rows_are_wanted_by_words_and_state() -> None:
    """All of the words, in any column; one of the states, whatever its reason."""
    rows = [["a", "failed (worker_died)", "infer"], ["b", "running", "infer"], ["c", "succeeded", "model_download"]]

    def wanted(words: str = "", *states: str) -> Any:
        return page(("common", "table"), ROWS, rows, {"words": words, "states": states})

    assert wanted() == ["a", "b", "c"]
    assert wanted("INFER  run") == ["b"]
    assert wanted("", "failed", "running") == ["a", "b"]
    assert wanted("worker", "running") == []
