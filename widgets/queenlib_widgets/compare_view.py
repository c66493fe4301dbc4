"""`CompareView`: several jobs, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ipywidgets import GridBox, Label, Layout, VBox

from queenlib.display.comparing import Compared
from queenlib_widgets.batch_view import BatchView
from queenlib_widgets.infer_stream import InferStream

SHOWN = 200
"""Characters of a prompt that are shown."""


class CompareView(VBox):  # type: ignore[misc] # it has no types
    """A column for each side, and in it its answers as they come, below each prompt; or the views of the batches."""

    def __init__(self, comparison: Compared) -> None:
        self.each = [[_view(job) for job in jobs] for jobs in comparison.jobs]
        """The views of the jobs, by prompt."""
        lines: list[Any] = [_side_by_side([_label(name) for name in comparison.names])]
        for at, views in enumerate(self.each):
            lines += [_label(comparison.prompts[at])] if comparison.prompts else []
            lines.append(_side_by_side(views))
        super().__init__(lines, layout=Layout(width="100%"))

    def bundle(self) -> dict[str, Any]:
        """Its data by MIME type, without the text that names it by its place in memory."""
        return {kind: each for kind, each in self._repr_mimebundle_().items() if kind.startswith("application/")}

    def close(self) -> None:
        """Take all of it from the page; the jobs go on without it."""
        for line in self.children:
            for each in getattr(line, "children", ()):
                each.close()
            line.close()
        super().close()


def _view(job: Any) -> InferStream | BatchView:
    return BatchView(job) if job.operation == "infer_batch" else InferStream(job)


def _side_by_side(each: Sequence[Any]) -> Any:
    columns = f"repeat({len(each)}, minmax(0, 1fr))"
    return GridBox(each, layout=Layout(grid_template_columns=columns, grid_gap="0 8px", width="100%"))


def _label(said: str) -> Any:
    line = " ".join(said.split())
    return Label(line[:SHOWN] + "…" * (len(line) > SHOWN))
