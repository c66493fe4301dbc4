"""`QueenView`: a whole queen, her hives and her jobs; a row opens its job."""

from __future__ import annotations

from queenlib import Queen
from queenlib.display.rows import hive_table, job_table
from queenlib_widgets.listing import Listing, empty
from queenlib_widgets.sources import module, style


class QueenView(Listing):
    """The hives of a queen with what runs on them, her jobs as they come and go, and the views of those that one opens."""

    _esm = module("common", "table", "queen_view")
    _css = style()
    hives = empty()
    """Her hives as they are now."""
    jobs = empty()
    """Her jobs as they are now."""

    def __init__(self, queen: Queen, *, limit: int = 100) -> None:
        watched = queen.jobs.watch(limit=limit)
        super().__init__(queen, hives=(queen.hives.watch(), hive_table), jobs=(watched, job_table))
