"""What a batch may ask for."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queenlib.errors import InvalidOperation
from queenlib.messages.answer import Usage
from queenlib.messages.batch import BatchResult, InferBatch
from queenlib.messages.model import ModelUsed
from queenlib.messages.parse import parse_operation

GIVEN: dict[str, Any] = {"operation": "infer_batch", "prompt": "Say {a}", "columns": {"a": ["x", None]}}

REVIEWS = {"columns": {"review": ["x"]}}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"prompt": None}, "give either prompt or messages"),
        ({"messages": [{"role": "user", "content": "x"}]}, "only one of them"),
        ({"messages_from": "a"}, "only one of them"),
        ({"prompt": None, "messages_from": "b"}, "messages_from is 'b'; the columns are 'a'"),
        ({"prompt": None, "messages_from": "a"}, "row 0 of column 'a' is no conversation: Invalid JSON"),
        ({"prompt": None, "messages_from": "a", "columns": {"a": ["[]"]}}, "row 0 of column 'a' is no conversation"),
        ({"columns": {}}, "give columns"),
        ({"prompt": "{b}"}, "no column 'b'"),
        ({"system": "{b}"}, "no column 'b'"),
        ({"prompt": "{"}, "a brace without the name of a column"),
        ({"prompt": None, "messages": [{"role": "user", "content": "{reveiw}"}], **REVIEWS}, "did you mean 'review'"),
        ({"columns": {"a": ["x"], "b": []}}, "column 'b' has 0 cells, and there are 1 rows"),
        ({"columns": {"a": [1]}}, "columns.a.0 must be text"),
        ({"by_row": {"seed": [1]}}, "column 'seed' has 1 cells, and there are 2 rows"),
        ({"by_row": {"sead": [1, 2]}}, "what may differ from row to row is max_tokens"),
        ({"by_row": {"max_tokens": [1, 0]}}, "max_tokens of row 1 is 0"),
        ({"by_row": {"temperature": [0.5, "x"]}}, "temperature of row 1 is 'x'"),
        ({"json_schema": {"type": "nonsense"}}, "json_schema is none: $.type"),
        ({"probabilities": True}, "probabilities has no texts to choose from"),
        ({"probabilities": True, "json_schema": {"type": "integer", "enum": [1]}}, "no texts to choose from"),
        ({"concurrency": 0}, "concurrency must be at least 1"),
        ({"cache": "on"}, "cache"),
        ({"max_failures": -1}, "max_failures must be at least 0"),
    ],
)
def test_what_does_not_fit_is_said(change: dict[str, Any], said: str) -> None:
    """Before any row is asked."""
    given = {name: value for name, value in {**GIVEN, **change}.items() if value is not None}
    with pytest.raises(InvalidOperation) as caught:
        parse_operation(given)
    assert said in caught.value.what


@given(st.lists(st.none() | st.text(max_size=5), max_size=5))
def test_what_is_kept_has_no_cells_and_what_is_beside_it_has_them(cells: list[str | None]) -> None:
    """Together they are the operation."""
    whole = parse_operation({**GIVEN, "columns": {"a": cells}, "by_row": {"seed": [None] * len(cells)}})
    assert isinstance(whole, InferBatch)
    kept = whole.kept()
    assert (kept.columns, kept.by_row, kept.count, whole.count) == ({}, {}, len(cells), len(cells))
    again = parse_operation({**kept.wire(), **whole.beside()})
    assert isinstance(again, InferBatch)
    assert again.model_copy(update={"rows": None}) == whole
    assert parse_operation(kept) == kept


def test_a_batch_of_conversations_is_kept_without_them() -> None:
    """It is whole again with what is beside it; alone it cannot be asked."""
    talk = '[{"role": "user", "content": "{x}"}]'
    whole = parse_operation(
        {
            "operation": "infer_batch",
            "messages_from": "a",
            "system": "To {b}",
            "columns": {"a": [talk, None], "b": ["y", "z"]},
        }
    )
    assert isinstance(whole, InferBatch)
    assert whole.texts() == ("To {b}",)
    kept = whole.kept()
    with pytest.raises(InvalidOperation, match="columns is missing"):
        kept.check_cells()
    assert parse_operation({**kept.wire(), **whole.beside()}).model_copy(update={"rows": None}) == whole


def test_a_result_says_what_became_of_the_rows() -> None:
    """In a line."""
    usage = Usage(prompt_tokens=1, cached_tokens=0, completion_tokens=1)
    counts: dict[str, Any] = {"rows": 10_000, "done": 10_000, "failed": 3, "cached": 3_120, "usage": usage}
    made = BatchResult(
        **counts, failures={"WorkerDied": 1, "InvalidAnswer": 2}, model=ModelUsed(name="m"), concurrency=4, wall_s=1.0
    )
    assert str(made) == "9,997 of 10,000 rows answered, 3,120 of them from cache, 3 failed (InvalidAnswer 2, WorkerDied 1)"
    assert repr(made) == f"<BatchResult: {made}>"
    assert "9,997 of 10,000" in made._repr_html_()
    assert "failed: WorkerDied" in made._repr_html_()
