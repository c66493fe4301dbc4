"""The vector that a simulated model makes of a text."""

from __future__ import annotations

import base64
import math
import struct

from hypothesis import given
from hypothesis import strategies as st

from queenlib.engines.host.direction import direction, packed


@given(st.text(), st.integers(2, 600))
def test_it_is_of_length_one(text: str, dimensions: int) -> None:
    """And the same for the same text, whatever it is."""
    made = direction(text, dimensions)
    assert len(made) == dimensions
    assert math.isclose(math.hypot(*made), 1, rel_tol=1e-9)
    assert made == direction(text, dimensions)


def test_other_texts_point_elsewhere() -> None:
    """Nearly at a right angle."""
    one, other = direction("a", 384), direction("b", 384)
    assert abs(sum(a * b for a, b in zip(one, other, strict=True))) < 0.3


def test_it_is_packed_as_floats() -> None:
    """Four bytes each, the lowest first."""
    assert struct.unpack("<2f", base64.b64decode(packed((0.5, -2.0)))) == (0.5, -2.0)
