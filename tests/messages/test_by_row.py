"""Parameters that differ from row to row."""

from __future__ import annotations

from typing import Any

import pytest

from queenlib.messages.by_row import NAMES, WHOLE, check
from queenlib.messages.infer import Sampling


def test_each_is_a_parameter_of_sampling() -> None:
    """Those that are whole numbers are known as such."""
    assert set(NAMES) <= set(Sampling.model_fields)
    for name in NAMES:
        if name in WHOLE:
            with pytest.raises(ValueError, match="valid integer"):
                check(name, (0.5,))
        else:
            check(name, (0.5,))


@pytest.mark.parametrize(
    ("name", "values", "said"),
    [
        ("max_tokens", (5, 0), "max_tokens of row 1 is 0"),
        ("seed", (None, 1.5), r"seed of row 1 is 1\.5"),
        ("temperature", ("hot",), "temperature of row 0 is 'hot'"),
        ("model", ("a",), "by_row has 'model'; what may differ"),
    ],
)
def test_a_value_that_does_not_fit_is_named(name: str, values: tuple[Any, ...], said: str) -> None:
    """With its row, before anything is asked."""
    with pytest.raises(ValueError, match=said):
        check(name, values)
    check("max_tokens", (None, 5))
