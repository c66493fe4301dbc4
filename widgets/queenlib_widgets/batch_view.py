"""`BatchView`: a batch, row by row."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

import traitlets

from queenlib import Job
from queenlib.messages.batch import Tally
from queenlib.messages.events import Event, Progress, RowEvent
from queenlib.messages.row import RowData
from queenlib.messages.snapshot import LATEST, Snapshot
from queenlib_widgets.following import Following
from queenlib_widgets.sources import module, style

SHOWN = 300
"""Characters of an answer, or of what an error says, that are shown."""


class BatchView(Following):
    """A batch: how many rows are done, how fast, how long it takes yet; failures by kind; the latest rows.

    *Cancel, keep done* ends it; the rows that are done stay.
    """

    _esm = module("common", "batch_view")
    _css = style()
    share = traitlets.Float().tag(sync=True)
    """How many of the rows are done, from 0 to 1."""
    counts: traitlets.List[Any] = traitlets.List().tag(sync=True)
    """What has become of the rows, how fast, and for how long yet, as lines."""
    failures: traitlets.List[Any] = traitlets.List().tag(sync=True)
    """For each kind of error its name, how many rows it has, and what it said last; the most frequent first."""
    latest: traitlets.List[Any] = traitlets.List().tag(sync=True)
    """The rows that ended last, the newest first: `row` (its number), `said`, `took`, and whether it `failed`."""

    def __init__(self, job: Job[Any]) -> None:
        self._tally = Tally(rows=int(job.record.request.get("rows") or 0))
        self._rows: deque[RowData] = deque(maxlen=LATEST)
        self._why: dict[str, str] = {}
        super().__init__(job)

    def _begin(self, snapshot: Snapshot) -> None:
        self._tally = snapshot.tally or self._tally
        for row in snapshot.latest:
            self._note(row)
        self._stale.add("rows")
        super()._begin(snapshot)

    def _take(self, event: Event) -> None:
        if isinstance(event, RowEvent):
            self._tally = self._tally.after(event.data)
            self._note(event.data)
            self._stale.add("rows")
        else:
            super()._take(event)
            self._stale |= {"rows"} if event.type == "progress" else set()

    def _note(self, row: RowData) -> None:
        self._rows.append(row)
        if row.error is not None:
            self._why[row.error.kind] = row.error.what[:SHOWN]

    def _speak(self) -> None:
        if "rows" in self._stale:
            tally, pace = self._tally, self._under_way.get("answers")
            self.share = tally.done / tally.rows if tally.rows else 1.0
            self.counts = [*_counts(tally), *(_pace(pace) if pace is not None and tally.done < tally.rows else ())]
            frequent = sorted(tally.failures.items(), key=lambda each: -each[1])
            self.failures = [[kind, count, self._why.get(kind, "")] for kind, count in frequent]
            self.latest = [_shown(row) for row in reversed(self._rows)]
        super()._speak()


def _counts(tally: Tally) -> Iterator[str]:
    yield f"{tally.done:,} of {tally.rows:,} rows"
    if tally.cached:
        yield f"{tally.cached:,} from cache"
    if tally.failed:
        yield f"{tally.failed:,} failed"
    if tally.usage.prompt_tokens:
        yield f"{tally.usage.prompt_tokens:,} tokens in, {tally.usage.completion_tokens:,} out"


def _pace(progress: Progress) -> Iterator[str]:
    if progress.per_s is not None:
        yield f"{progress.per_s:,.1f} rows a second"
    if progress.left_s is not None:
        yield f"about {progress.left_s:,.0f} s left"


def _shown(row: RowData) -> dict[str, Any]:
    said = " ".join((row.error.what if row.error is not None else row.text).split())
    took = None if row.decode_ms is None else (row.ttft_ms or 0.0) + row.decode_ms
    return {
        "row": row.i,
        "said": said[:SHOWN] + "…" * (len(said) > SHOWN),
        "took": "from cache" if row.cached else "" if took is None else f"{took / 1000:,.1f} s",
        "failed": row.error is not None,
    }
