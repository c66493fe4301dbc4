"""The world: ids, secrets and waits."""

import random
from datetime import UTC
from itertools import pairwise

import pytest

from queenlib.world import World, is_whole


def test_ids_say_what_they_are_and_do_not_repeat() -> None:
    """An id begins with its kind; ten thousand are all different and match the pattern of ids."""
    made = {World().new_id("job") for _ in range(10_000)}
    assert len(made) == 10_000
    assert all(each.startswith("job-") and each == each.lower() and len(each) == 16 for each in made)


def test_a_whole_id_of_a_job_is_told_from_a_beginning() -> None:
    """And from that of something else."""
    made = World().new_id("job")
    assert is_whole(made)
    assert not any(map(is_whole, (made[:-1], made + "0", made[4:], "", World().new_id("worker"))))


def test_ids_of_one_world_differ_early_and_lie_together() -> None:
    """Four characters tell them apart, also past the last of these; and each is next to the one before in their order."""
    world = World(random.Random(7))
    starts = [world.new_id("job")[4:8] for _ in range(40_000)]
    assert len(set(starts)) == 40_000
    assert sum(later < earlier for earlier, later in pairwise(starts)) <= 1


def test_secrets_are_long() -> None:
    """A secret has 256 bits and does not repeat."""
    assert len(World().new_secret()) >= 43
    assert World().new_secret() != World().new_secret()


def test_the_time_is_utc() -> None:
    """Times have a time zone, and it is UTC."""
    assert World().now().tzinfo is UTC


async def test_a_limit_bounds_what_is_inside() -> None:
    """What takes too long is a `TimeoutError`; no limit is none."""
    world = World()
    with pytest.raises(TimeoutError):
        async with world.limit(0.01):
            await world.sleep(10)
    async with world.limit(None):
        await world.sleep(0)
