"""`HiveTable`: the hives, and what runs on them."""

from __future__ import annotations

from queenlib import Queen
from queenlib.display.rows import hive_table
from queenlib_widgets.listing import Listing, empty
from queenlib_widgets.sources import module, style


class HiveTable(Listing):
    """Hives and their workers: states with their reasons, devices, memory, models, slots; as they change."""

    _esm = module("common", "table", "hive_table")
    _css = style()
    hives = empty()
    """The list as it is now."""

    def __init__(self, queen: Queen) -> None:
        super().__init__(queen, hives=(queen.hives.watch(), hive_table))
