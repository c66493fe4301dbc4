"""What is asked of workers: what makes two spawns the same, and how long an idle one may be kept."""

import pytest

from queenlib.errors import InvalidOperation
from queenlib.messages.parse import parse_operation
from queenlib.messages.worker import WorkerSpawn

SPAWN = {"operation": "worker_spawn", "model": "sim:words"}


def test_spawns_that_differ_in_it_alone_are_the_same() -> None:
    """How long it is kept does not make another worker; all else does."""
    first, second = (WorkerSpawn(model="sim:words", keep_alive=keep) for keep in (1, 2))
    assert first.same(second)
    assert not first.same(second.model_copy(update={"slots": 3}))


@pytest.mark.parametrize("keep_alive", [0, 0.5, 600, "never"])
def test_it_is_kept_for_seconds_or_for_ever(keep_alive: float | str) -> None:
    """No time, some, or no end of it; and none is said by itself."""
    made = parse_operation({**SPAWN, "keep_alive": keep_alive})
    assert isinstance(made, WorkerSpawn)
    assert made.keep_alive == keep_alive
    assert WorkerSpawn(model="sim:words").keep_alive is None


@pytest.mark.parametrize("keep_alive", [-1, "for ever", "600"])
def test_what_is_no_time_is_refused(keep_alive: float | str) -> None:
    """Less than none, and words that are not known."""
    with pytest.raises(InvalidOperation) as caught:
        parse_operation({**SPAWN, "keep_alive": keep_alive})
    assert "keep_alive" in str(caught.value)
