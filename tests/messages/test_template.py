"""Texts with the names of columns in braces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queenlib.messages.template import Template

CELLS = st.dictionaries(
    st.text(st.characters(exclude_characters="{}!:"), min_size=1, max_size=8), st.text(max_size=40), min_size=1
)


def test_cells_are_put_in_as_they_are() -> None:
    """Braces in a cell ask for nothing; two braces are one; a name may have blanks, dots, brackets and colons."""
    made = Template("{{{a}}} of {my column}, {x:y} {z[0]} {a}")
    assert made.columns == ("a", "my column", "x:y", "z[0]")
    row = {"a": "{my column}", "my column": "🐝", "x:y": "", "z[0]": "1"}
    assert made.render(row) == "{{my column}} of 🐝,  1 {my column}"


@pytest.mark.parametrize("text", ["{", "}", "a {} b", "{{a}", "{a}}", "{a{b}}"])
def test_what_cannot_be_read_is_said(text: str) -> None:
    """What it is, and how a brace is written."""
    with pytest.raises(ValueError, match="written twice"):
        Template(text)


def test_an_unknown_column_has_a_neighbour() -> None:
    """The nearest name is said, and those that there are."""
    with pytest.raises(ValueError, match=r"'reveiw'.*'review'"):
        Template("Classify: {reveiw}").check(["review", "stars"])
    Template("Classify: {review}").check(["review", "stars"])


@given(CELLS, st.lists(st.text(max_size=20)))
def test_any_text_and_any_cells_come_back(cells: dict[str, str], between: list[str]) -> None:
    """Literal texts with their braces doubled, and cells, in their order."""
    names = list(cells)
    text, said = "", ""
    for number, literal in enumerate(between):
        name = names[number % len(names)]
        text += literal.replace("{", "{{").replace("}", "}}") + f"{{{name}}}"
        said += literal + cells[name]
    assert Template(text).render(cells) == said
