"""Several jobs side by side."""

from __future__ import annotations

from itertools import chain
from typing import Any

from queenlib import Queen
from queenlib_widgets import CompareView


def kinds(view: Any) -> list[Any]:
    """The classes of what it shows, line by line."""
    return [kinds(each) if hasattr(each, "children") else type(each).__name__ for each in view.children]


def test_each_side_has_a_column(queen: Queen) -> None:
    """The names, and for each prompt its line and an answer of each."""
    made = queen.compare("sim:echo?text=one", "sim:echo?text=other", prompts=["x", "y" * 500])
    made.wait(60)
    view = CompareView(made)
    assert kinds(view) == [
        ["Label", "Label"],
        "Label",
        ["InferStream", "InferStream"],
        "Label",
        ["InferStream", "InferStream"],
    ]
    for each in chain(*view.each):
        each.following.result(60)
    assert [each.text for each in chain(*view.each)] == ["one", "other"] * 2
    assert len(view.children[3].value) == 201
    assert set(view.bundle()) == {"application/vnd.jupyter.widget-view+json"}
    view.close()
    assert view.comm is None


def test_batches_have_their_own_views(queen: Queen) -> None:
    """Without a line for a prompt."""
    made = queen.compare(*(queen.infer_batch({"a": ["x"]}, "{a}", model="sim:echo") for _ in range(2)))
    view = CompareView(made)
    assert kinds(view) == [["Label", "Label"], ["BatchView", "BatchView"]]
    for each in chain(*view.each):
        each.following.result(60)
    view.close()
