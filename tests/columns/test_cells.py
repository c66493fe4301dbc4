"""A DataFrame as cells."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from queenlib.columns.cells import ASKED, cells, check_collisions, check_frame, plain_values, questions
from queenlib.errors import Conflict, InvalidRequest
from queenlib.messages.conversation import read
from queenlib.messages.infer import ChatMessage


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x", "x"),
        ("", ""),
        ("{a} 🐝", "{a} 🐝"),
        ("x" * 100_000, "x" * 100_000),
        (1, "1"),
        (1.5, "1.5"),
        (True, "True"),
        ([1, None], "[1, None]"),
        (pd.Timestamp("2026-01-02"), "2026-01-02 00:00:00"),
        (None, None),
        (np.nan, None),
        (pd.NA, None),
        (pd.NaT, None),
    ],
)
def test_each_cell_has_its_text(value: Any, text: str | None) -> None:
    """What pandas calls missing has none; an empty text is one."""
    frame = pd.DataFrame({"a": pd.Series([value], dtype="object")})
    assert cells(frame, {"a"}) == {"a": (text,)}


def test_only_what_is_named_is_taken() -> None:
    """By the name's text; where two columns have it, nobody can say which is meant."""
    frame = pd.DataFrame([[1, 2, 3]], columns=["a", 7, "b"])
    assert questions(frame, "{7} and {a}") == ({"prompt": "{7} and {a}"}, {"a": ("1",), "7": ("2",)})
    messages = [{"role": "user", "content": "{b}"}]
    assert questions(frame, messages) == ({"prompt": messages}, {"b": ("3",)})
    assert questions(frame, "nothing") == ({"prompt": "nothing"}, {})
    assert questions(frame, "{") == ({"prompt": "{"}, {})
    assert questions(frame, "{a}", "{b}") == ({"prompt": "{a}"}, {"a": ("1",), "b": ("3",)})
    for no_message in ("x {a}", {"role": "user"}, {"content": 3}, None):
        assert questions(frame, [no_message]) == ({"prompt": [no_message]}, {})
    for nothing in (None, 5):
        with pytest.raises(InvalidRequest, match="What is to be asked is"):
            questions(frame, nothing)
    with pytest.raises(Conflict, match="2 columns of the name 'a'"):
        questions(pd.DataFrame([[1, 2]], columns=["a", "a"]), "{a}")
    with pytest.raises(InvalidRequest, match="no column 'reviw'; did you mean 'review'"):
        questions(pd.DataFrame({"review": []}), "{reviw}")
    with pytest.raises(InvalidRequest, match="no column 'lang'"):
        questions(frame, lambda _: "x", "Speak {lang}.")


def test_a_function_asks_of_each_row() -> None:
    """It is given the values as they are, and the frame is not touched."""
    frame = pd.DataFrame({"a": [1, 2], "b c": ["x", None]})
    before = frame.copy()
    asked, columns = questions(frame, lambda row: f"{row['a'] + 1} {row['b c']}")
    assert (asked, columns) == ({"prompt": "{question}"}, {"question": ("2 x", f"3 {frame['b c'][1]}")})
    pd.testing.assert_frame_equal(frame, before)


def test_a_function_stands_beside_a_template_of_the_system() -> None:
    """Whose columns are there too, whatever they are called."""
    frame = pd.DataFrame({"question": ["es", "fr"]})
    for given, field in (("x", "prompt"), ([{"role": "user", "content": "x"}], "messages_from")):
        asked, columns = questions(frame, lambda _, given=given: given, "Speak {question}.")
        assert asked[field] == ("{question_}" if field == "prompt" else "question_")
        assert columns["question"] == ("es", "fr")
        assert len(columns["question_"]) == 2


def test_where_a_function_fails_is_told() -> None:
    """What it raises stays what it is."""
    with pytest.raises(AttributeError) as failed:
        questions(pd.DataFrame({"a": ["x", None]}, index=[7, 8]), lambda row: row["a"].upper())
    assert failed.value.__notes__ == ["That was at row 1 of the frame, whose index is 8; nothing was asked."]


def test_only_a_frame_is_asked_about() -> None:
    """A column alone has no names."""
    check_frame(pd.DataFrame())
    for other in (pd.Series(["x"]), ["x"], {"a": ["x"]}):
        with pytest.raises(InvalidRequest, match="not a DataFrame"):
            check_frame(other)


@pytest.mark.parametrize(
    "values",
    [[5, None], (5, float("nan")), pd.Series([5, None]), np.array([5, np.nan]), pd.Series([5, None], dtype="Int64")],
)
def test_values_of_any_column_are_plain(values: Any) -> None:
    """What is missing is `None`; a whole number is one where that is wanted."""
    found = plain_values(values, whole=True)
    assert found == [5, None]
    assert type(found[0]) is int
    assert plain_values(values) == [5, None]
    assert (plain_values("text"), plain_values(5)) == ("text", 5)


def test_a_function_may_give_messages() -> None:
    """Then all rows are conversations; of a row that it gives nothing for nothing is asked."""
    said: list[Any] = [[{"role": "user", "content": "{a}"}], (ChatMessage(role="user", content="b"),), "c", 4, None]
    asked, columns = questions(pd.DataFrame({"a": range(len(said))}), lambda row: said[row["a"]])
    assert asked == {"prompt": None, "messages_from": ASKED}
    talks = [None if cell is None else [each.content for each in read(cell)] for cell in columns[ASKED]]
    assert talks == [["{a}"], ["b"], ["c"], ["4"], None]
    assert questions(pd.DataFrame({"a": [0]}), lambda _: None) == ({"prompt": "{question}"}, {ASKED: (None,)})
    for lone in ({"role": "user", "content": "x"}, ChatMessage(role="user", content="x")):
        with pytest.raises(InvalidRequest, match="gave a lone"):
            questions(pd.DataFrame({"a": [0]}), lambda _, lone=lone: lone)


def test_a_name_that_is_taken_is_refused() -> None:
    """With what to do."""
    frame = pd.DataFrame({"answer": [], 3: []})
    check_collisions(frame, ["other"])
    for name in ("answer", "3"):
        with pytest.raises(Conflict, match=f"has a column '{name}' already") as caught:
            check_collisions(frame, ["other", name])
        assert f"prefix='model_' makes model_{name}" in caught.value.next
