"""Devices are looked at for real, and a look that hangs is given up."""

import threading
from collections.abc import Iterable

import psutil
import pytest

from queenlib.hives import devices
from queenlib.messages.hive import Device
from queenlib.world import World


async def test_this_machine_has_a_processor() -> None:
    """Its memory is what the system says, and its cores are not more than there are."""
    found = {device.id: device for device in await devices.local_devices(World())}
    cpu = found["cpu"]
    assert cpu.memory == psutil.virtual_memory().total
    assert cpu.cores is not None
    assert 1 <= cpu.cores <= (psutil.cpu_count() or 1)
    assert not cpu.problem


async def test_a_look_that_hangs_or_fails_is_told_and_not_waited_for() -> None:
    """A driver that never answers, or breaks, becomes a device with its problem."""

    def cuda() -> Iterable[Device]:
        threading.Event().wait(30)
        return ()

    def metal() -> Iterable[Device]:
        raise OSError("driver is upset")

    (hung,) = await devices._look(cuda, World(), 0.05)
    (broken,) = await devices._look(metal, World(), 5)
    assert (hung.id, hung.problem) == ("cuda", "looking at it did not answer within 0.05 s")
    assert broken.problem == "looking at it failed: driver is upset"


async def test_the_load_is_measured() -> None:
    """Use and free memory are plausible numbers."""
    load = await devices.local_load(World())
    assert load is not None
    assert 0 < load.memory_free <= load.memory


def test_a_made_up_machine_is_always_the_same() -> None:
    """A simulated hive's devices do not depend on this machine."""
    assert devices.simulated_devices() == devices.simulated_devices()
    assert {device.kind for device in devices.simulated_devices()} == {"simulated"}


@pytest.mark.parametrize(
    ("limit", "cores"),
    [("max 100000\n", None), ("200000 100000\n", 2), ("150000 100000", 1), ("20000 100000", 1), ("", None), ("7 0", None)],
)
def test_quota_of_a_container_is_kept(limit: str, cores: int | None) -> None:
    """Whole cores are counted, one at least; without a limit there is none."""
    assert devices.quota(limit) == cores
