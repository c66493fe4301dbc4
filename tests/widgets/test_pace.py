"""How often views speak to the page."""

from queenlib_widgets import pace

MOST_PER_S = 200


class View:
    """Something that moves."""


def test_many_views_together_keep_below_what_a_server_takes() -> None:
    """One moves fast; a hundred share what there is; one that rests or is gone takes nothing."""
    assert pace.interval() == pace.FASTEST_S
    views = [View() for _ in range(100)]
    for each in views:
        pace.moves(each)
    assert len(views) / pace.interval() <= MOST_PER_S
    pace.rests(views.pop())
    assert pace.interval() == 99 * pace.TOGETHER_S
    views.clear()
    del each
    assert pace.interval() == pace.FASTEST_S
