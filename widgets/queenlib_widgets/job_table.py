"""`JobTable`: the jobs, as they come and go."""

from __future__ import annotations

from typing import Unpack

from queenlib import Queen
from queenlib.display.rows import job_table
from queenlib.messages.filter import Filters
from queenlib_widgets.listing import Listing, empty
from queenlib_widgets.sources import module, style


class JobTable(Listing):
    """Jobs as they come and go, the newest first; *Show* opens the view of one below it, *Cancel* asks twice.

    Args:
        queen: Whose.
        limit: Jobs at first; see `Jobs.watch`.
        wanted: Which jobs; see `Jobs.list`.
    """

    _esm = module("common", "table", "job_table")
    _css = style()
    jobs = empty()
    """The list as it is now."""

    def __init__(self, queen: Queen, *, limit: int = 100, **wanted: Unpack[Filters]) -> None:
        super().__init__(queen, jobs=(queen.jobs.watch(limit=limit, **wanted), job_table))
