"""Short texts that regular expressions match."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queenlib.engines.host.pattern import LONGEST, matching

CLASSES = st.sampled_from(["a", "7", r"\.", ".", r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", "[b-d_]", "[^a]", r"[^\w,]", "é"])
COUNTS = st.sampled_from(["", "*", "+", "?", "{2}", "{1,3}", "{2,}", "+?"])
PATTERNS = st.recursive(
    st.builds("{}{}".format, CLASSES, COUNTS),
    lambda inner: (
        st.builds("{}{}".format, inner, inner)
        | st.builds("(?:{}|{})".format, inner, inner)
        | st.builds("(?:{}){}".format, inner, COUNTS)
    ),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"^(?:\d{4}-\d{2}-\d{2})$", "0000-00-00"),
        ("^(good|bad)$", "good"),
        (r"^[A-Z][a-z]+, (?P<sign>[+-])\d+(?P=sign)$", "Aa, +0+"),
        (r"(\w)\1", "aa"),
        ("[^aA0]", "!"),
        ("[^x]", "a"),
        ("^ab?c*d+?e++$", "ade"),
        ("(?i:yes)", "yes"),
        (r"^\bx\b$", "x"),
        (r"^(?>a{2})$", "aa"),
        (r"^\S+@\S+\.(?:com|org)$", "a@a.com"),
        ("", ""),
    ],
)
def test_common_patterns(pattern: str, text: str) -> None:
    """What is named first, as seldom as may be: always the same."""
    assert matching(pattern) == text


@pytest.mark.parametrize(
    "pattern",
    ["(", r"\p{L}", "^a(?=b)$", "a{99999999999}", "(?:a{999}){999}", "(x)?(?(1)y|z)", r"(x)?\1", r"[^\w\W]", "(?:aa*+){2}"],
)
def test_what_is_beyond_it(pattern: str) -> None:
    """Is said to be so: what is no pattern, what looks ahead, what would be too long, what nothing matches."""
    assert matching(pattern) is None
    assert len(matching(f"a{{{LONGEST}}}") or "") == LONGEST


def test_a_text_may_have_to_be_longer() -> None:
    """Its end is repeated, or something is added, where the pattern allows that."""
    assert [matching("^[a-z]+$", 3), matching("^a", 3), matching("^a.*", 0), matching("", 2)] == ["aaa", "aaa", "a", "xx"]
    assert matching("^a+[^a]*$", 2) == "aa"
    assert matching("^[ab]cx*$", 4) == "acxx"
    assert matching("^a$", 2) is None


@given(PATTERNS)
def test_what_is_made_matches(pattern: str) -> None:
    """From its first character to its last, whatever classes, groups, choices and counts it is made of."""
    made = matching(f"^(?:{pattern})$")
    assert made is not None
    assert re.fullmatch(pattern, made)
