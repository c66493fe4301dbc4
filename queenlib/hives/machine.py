"""The machine that a hive is: its devices and its load, real or made up."""

from __future__ import annotations

from queenlib.hives.devices import (
    SIMULATED_CORES,
    local_devices,
    local_load,
    plain_devices,
    simulated_devices,
    usable_cores,
)
from queenlib.messages.hive import Device, Load
from queenlib.world import World


class Machine:
    """What one hive computes with.

    Args:
        world: The clock.
        made_up: Whether it is one that is only simulated.
    """

    def __init__(self, world: World, *, made_up: bool) -> None:
        self._world, self._made_up = world, made_up
        self._seen = simulated_devices() if made_up else plain_devices()

    @property
    def device_ids(self) -> tuple[str, ...]:
        """Its devices by id, as they were seen last; before the first look those that need no driver."""
        return tuple(device.id for device in self._seen)

    @property
    def cores(self) -> int:
        """Cores that workers may use."""
        return SIMULATED_CORES if self._made_up else usable_cores()

    async def devices(self) -> tuple[Device, ...]:
        """Look at its devices."""
        if not self._made_up:
            self._seen = await local_devices(self._world)
        return self._seen

    async def load(self) -> Load | None:
        """How busy it is; `None` where that could not be measured."""
        return None if self._made_up else await local_load(self._world)
