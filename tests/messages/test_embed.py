"""The operation `embed`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from queenlib.errors import InvalidOperation
from queenlib.messages.embed import Embed, EmbedResult
from queenlib.messages.model import ModelUsed
from queenlib.messages.parse import parse_operation


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "give texts"),
        ({"texts": []}, "give texts"),
        ({"texts": ["a", ""]}, "texts.1 has 0 characters"),
        ({"texts": ["a", 3]}, "texts.1"),
        ({"texts": ["a"], "rows": 2}, "there are 1 texts, and rows is 2"),
        ({"texts": ["a"], "temperature": 1.0}, "temperature"),
    ],
)
def test_what_is_no_list_of_texts_is_refused(given: dict[str, Any], said: str) -> None:
    """Each bad text is named by its number."""
    with pytest.raises(InvalidOperation) as caught:
        parse_operation({"operation": "embed", **given})
    assert said in caught.value.what


def test_its_texts_are_kept_beside_it() -> None:
    """What is kept says how many there were, and is whole again with what is beside it."""
    whole = Embed(texts=("a", "b"), model="m")
    kept = parse_operation(whole.kept().wire())
    assert isinstance(kept, Embed)
    assert (kept.texts, kept.count, kept.lacks, whole.lacks) == ((), 2, True, False)
    again = parse_operation({**kept.wire(), **whole.beside()})
    assert isinstance(again, Embed)
    assert (again.texts, again.model) == (whole.texts, "m")


def test_without_its_texts_it_cannot_be_done() -> None:
    """They are asked for; with them all is well."""
    Embed(texts=("a",)).check_cells()
    with pytest.raises(InvalidOperation) as caught:
        Embed(rows=3).check_cells()
    assert caught.value.problems == [{"field": "texts", "problem": "is missing"}]


def test_its_result_reads_well() -> None:
    """How many have a vector, of how many numbers, and how many failed."""
    result = EmbedResult(rows=1500, done=1500, failed=2, dimensions=384, model=ModelUsed(name="m"))
    assert str(result) == "1,498 of 1,500 texts have a vector of 384 numbers, 2 failed"
    assert repr(result) == f"<EmbedResult: {result}, m>"
    html = result.model_copy(update={"failures": {"MissingCell": 2}})._repr_html_()
    for said in ("1,498 of 1,500", "failed: MissingCell", "384", ">m</div>"):
        assert said in html


def test_its_result_knows_of_no_cache() -> None:
    """There is none: it is neither shown nor written down; what was written down with it is still read."""
    result = EmbedResult(rows=2, done=2, dimensions=3, model=ModelUsed(name="m"))
    assert "cache" not in result._repr_html_()
    assert "cached" not in result.wire()
    assert EmbedResult.model_validate_json(json.dumps({**result.wire(), "cached": 0})) == result
