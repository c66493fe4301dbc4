"""The questions of a batch, and their keys."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queenlib.errors import MissingCell
from queenlib.messages.batch import InferBatch
from queenlib.messages.model import ModelUsed
from queenlib.operations.questions import Asked, Questions

ASKED = Asked(ModelUsed(name="sim:echo"), "simulated 1")


def batch(*cells: str | None, **more: Any) -> InferBatch:
    """A batch about one column."""
    return InferBatch(**{"prompt": "Say {a}", "columns": {"a": cells}, **more})


def keys(*cells: str | None, asked: Asked = ASKED, **more: Any) -> list[str]:
    """The keys of its rows."""
    return list(Questions(batch(*cells, **more)).keys(asked))


def test_a_row_is_put_into_all_texts() -> None:
    """System, messages and prompt; its own sampling stands before that of the batch."""
    asked = batch("x", "{a}", system="Be {a}.", by_row={"seed": (7, None)}, seed=1)
    made = [Questions(asked).generation(i) for i in (0, 1)]
    assert [[(each.role, each.content) for each in one.messages] for one in made] == [
        [("system", "Be x."), ("user", "Say x")],
        [("system", "Be {a}."), ("user", "Say {a}")],
    ]
    assert [one.sampling.seed for one in made] == [7, 1]


def test_a_conversation_of_a_row_is_asked_as_it_is() -> None:
    """After what the system is told; without one a row cannot be asked. Its key is that of the same messages otherwise."""
    cell = '[{"role": "user", "content": "{b}"}, {"role": "assistant", "content": "{{"}, {"role": "user", "content": "}"}]'
    asked = batch(cell, None, prompt=None, messages_from="a", system="In {b}", columns={"a": (cell, None), "b": ("x", "y")})
    made = Questions(asked).generation(0).messages
    assert [(each.role, each.content) for each in made] == [
        ("system", "In x"),
        ("user", "{b}"),
        ("assistant", "{{"),
        ("user", "}"),
    ]
    with pytest.raises(MissingCell):
        Questions(asked).generation(1)
    assert keys('[{"role": "user", "content": "Say x"}]', prompt=None, messages_from="a") == keys("x")


def test_a_missing_cell_is_only_missed_where_it_is_needed() -> None:
    """An empty text is one; a column that no template names may be empty."""
    with pytest.raises(MissingCell, match="There is nothing in column 'a'"):
        Questions(batch("", None)).generation(1)
    assert Questions(batch("", None)).generation(0).messages[0].content == "Say "
    unused = batch("x", columns={"a": ("x",), "b": (None,)})
    assert Questions(unused).generation(0).messages[0].content == "Say x"
    assert keys("x", None, "y")[1] == ""


def test_equal_questions_are_told_apart_by_their_number() -> None:
    """Unless they are answered alike anyway, or are said to be one."""
    one, other, third = keys("x", "y", "x")
    assert len({one, other, third}) == 3
    assert keys("x", "x") == [one, third]
    for more in ({"temperature": 0.0}, {"dedupe": True}):
        first, _, again = keys("x", "y", "x", **more)
        assert first == again
    varied = keys("x", "x", temperature=0.0, by_row={"temperature": (0.0, 1.0)})
    assert varied[0] != varied[1]


@pytest.mark.parametrize(
    "change",
    [
        {"asked": Asked(ModelUsed(name="sim:words"), "simulated 1")},
        {"asked": Asked(ModelUsed(name="sim:echo", sha256="0" * 64), "simulated 1")},
        {"asked": Asked(ModelUsed(name="sim:echo"), "simulated 2")},
        {"system": "s"},
        {"prompt": "Say: {a}"},
        {"max_tokens": 255},
        {"seed": 1},
        {"json_schema": {"type": "string"}},
        {"by_row": {"top_k": (1,)}},
        {"json_schema": {"type": "string", "enum": ["a"]}, "probabilities": True},
    ],
)
def test_all_that_an_answer_depends_on_makes_another_key(change: dict[str, Any]) -> None:
    """And what it does not depend on makes none."""
    assert keys("x", **change) != keys("x")
    choice = {"type": "string", "enum": ["a"]}
    assert keys("x", json_schema=choice, probabilities=True) != keys("x", json_schema=choice)
    assert keys("x", pieces=True, concurrency=3, max_failures=0.5, keep_alive=1.0, cache="refresh") == keys("x")


@given(st.lists(st.text(max_size=5), min_size=1, max_size=12))
def test_keys_do_not_depend_on_what_else_is_asked(cells: list[str]) -> None:
    """Each is that of the row alone and of how many equal ones come before it; no two are equal."""
    found = keys(*cells)
    assert len(set(found)) == len(cells)
    for i, cell in enumerate(cells):
        assert found[i] == keys(*[cell] * (cells[:i].count(cell) + 1))[-1]
