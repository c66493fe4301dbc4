"""What all views share."""

from ipywidgets.widgets.widget import _instances

from queenlib_widgets.view import View


def test_a_bundle_names_no_place_in_memory() -> None:
    """Only the view itself is in it."""
    assert list(View().bundle()) == ["application/vnd.jupyter.widget-view+json"]


def test_a_closed_view_leaves_no_widget_behind() -> None:
    """Neither itself nor what it is laid out by; and it can be closed twice."""
    before = set(_instances)
    view = View()
    assert len(set(_instances) - before) == 2
    view.close()
    view.close()
    assert set(_instances) == before
