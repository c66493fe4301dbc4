"""`JobView`: any job."""

from __future__ import annotations

from typing import Any

import traitlets

from queenlib.messages.snapshot import Snapshot
from queenlib_widgets.following import Following
from queenlib_widgets.sources import module, style

SHOWN = 500
"""Characters of a value that are shown."""


class JobView(Following):
    """Any job: what is under way, with bytes and speed; its lines; its result, or its error in four parts."""

    _esm = module("common", "job_view")
    _css = style()
    result: traitlets.List[Any] = traitlets.List().tag(sync=True)
    """Pairs of a field's name and its value as text."""

    def _finish(self, snapshot: Snapshot) -> None:
        found: dict[str, Any] = snapshot.job.result or {}
        self.result = [[name, str(said)[:SHOWN]] for name, said in found.items() if said not in (None, "", [], {})]
        super()._finish(snapshot)
