"""What the page needs to show a widget."""

import anywidget

from queenlib_widgets.page import bundle_of


def test_a_bundle_names_no_place_in_memory() -> None:
    """Only the view itself is in it; one that is closed has none."""
    widget = anywidget.AnyWidget()
    assert list(bundle_of(widget)) == ["application/vnd.jupyter.widget-view+json"]
