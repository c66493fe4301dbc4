"""What `queen.infer` asks for."""

import pytest

from queenlib.client.asking import check_interrupt, infer_operation
from queenlib.errors import InvalidOperation, InvalidRequest


def test_what_is_said_goes_before_what_is_usual() -> None:
    """Defaults fill what was not said; messages and prompts are told apart."""
    made = infer_operation("x", {"model": "a", "hive_id": "h"}, {"model": "b", "hive_id": None}, {"max_tokens": 3})
    assert (made.model, made.hive_id, made.prompt, made.max_tokens) == ("b", "h", "x", 3)  # type: ignore[attr-defined]
    several = infer_operation(iter([{"role": "user", "content": "y"}]), {}, {}, {})
    assert several.messages[0].content == "y"  # type: ignore[attr-defined]
    with pytest.raises(InvalidOperation):
        infer_operation("x", {}, {}, {"max_token": 3})


def test_an_interrupt_means_one_of_two() -> None:
    """`cancel`, `detach`, and nothing else."""
    check_interrupt("cancel")
    check_interrupt("detach")
    with pytest.raises(InvalidRequest, match="on_interrupt is 'stop'"):
        check_interrupt("stop")
