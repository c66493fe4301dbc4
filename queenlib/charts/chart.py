"""Axes to draw on, which a notebook shows at the end of a cell."""

from __future__ import annotations

from io import BytesIO

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from queenlib.charts.timed import Timed

FIRST, SECOND, BAD = "#0072B2", "#E69F00", "#D55E00"
"""Colours that are told apart by all eyes, on white and on black; each also has a line, a hatch or a place of its own."""
WIDTH_IN, HEIGHT_IN = 8.0, 4.0


class Chart(Axes):
    """Axes in a figure of their own that nobody else holds: a notebook shows them as a picture, once, and then they go."""

    def _repr_png_(self) -> bytes:
        picture = BytesIO()
        figure = self.get_figure(root=True)
        assert figure is not None
        figure.savefig(picture, format="png")
        return picture.getvalue()

    def __str__(self) -> str:
        return repr(self)

    def __repr__(self) -> str:
        return f"<Chart: {self.get_title(loc='left')}>"


def axes(height_in: float = HEIGHT_IN) -> Axes:
    """New axes, of which no window and no `pyplot` knows.

    Args:
        height_in: Of the figure, in inches.
    """
    return Figure((WIDTH_IN, height_in), layout="constrained").add_subplot(axes_class=Chart)


def label(ax: Axes, timed: Timed, title: str, x: str, y: str) -> None:
    """Say what is drawn: a title above, room for a legend below it, and what was left out.

    Args:
        ax: Where.
        timed: What is drawn.
        title: The title; it should be the same whenever the same is drawn, for a notebook that is compared.
        x: What goes to the right, with its unit.
        y: What goes up, with its unit.
    """
    ax.set_title(title, loc="left", pad=26)
    ax.set_xlabel(f"{x}\n{timed.note}")
    ax.set_ylabel(y)


def legend(ax: Axes) -> None:
    """Say which is which, in a line between the title and what is drawn."""
    look = {"ncols": 3, "frameon": False, "fontsize": "small", "borderaxespad": 0.3, "borderpad": 0}
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), **look)


def empty(ax: Axes) -> None:
    """Say that there is nothing to draw."""
    ax.set_xticks([])
    ax.set_yticks([])
    ax.text(0.5, 0.5, "Nothing to draw: no row has the times for it.", transform=ax.transAxes, ha="center", va="center")


def since(timed: Timed) -> str:
    """What a time in seconds counts from."""
    return "time (s)" if timed.since is None else f"time since {timed.since:%Y-%m-%d %H:%M:%S} UTC (s)"
