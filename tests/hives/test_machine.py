"""What a hive computes with."""

from __future__ import annotations

from queenlib.hives.devices import SIMULATED_CORES, usable_cores
from queenlib.hives.machine import Machine
from queenlib.world import World


async def test_this_machine_is_looked_at() -> None:
    """Its processor is known before the first look; that look tells its load as well."""
    machine = Machine(World(), made_up=False)
    assert "cpu" in machine.device_ids
    assert machine.cores == usable_cores()
    assert tuple(device.id for device in await machine.devices()) == machine.device_ids
    assert await machine.load() is not None


async def test_a_made_up_one_has_made_up_devices() -> None:
    """And no load that could be measured."""
    machine = Machine(World(), made_up=True)
    assert machine.device_ids == ("cpu", "gpu:0")
    assert machine.cores == SIMULATED_CORES
    assert [device.id for device in await machine.devices()] == ["cpu", "gpu:0"]
    assert await machine.load() is None
