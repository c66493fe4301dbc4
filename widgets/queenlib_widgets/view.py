"""What all views share: what the page needs to show one, and how one is let go of."""

from __future__ import annotations

from typing import Any

from queenlib.errors import MissingExtra

try:
    import anywidget
except ImportError as error:
    raise MissingExtra(
        "The views cannot be shown here.",
        why="anywidget is not installed.",
        state="Nothing was done; jobs show themselves as text and HTML without it.",
        next="pip install 'queenlib[notebook]'",
        extra="notebook",
    ) from error


class View(anywidget.AnyWidget):
    """A widget that owns nothing but itself."""

    def bundle(self) -> dict[str, Any]:
        """Its data by MIME type, without the text that names it by its place in memory."""
        made = self._repr_mimebundle_()
        data = made[0] if isinstance(made, tuple) else made
        return {kind: each for kind, each in (data or {}).items() if kind.startswith("application/")}

    def close(self) -> None:
        """Take it from the page; what it shows goes on without it."""
        if (layout := self._trait_values.get("layout")) is not None:
            layout.close()  # a widget of its own, that would stay for as long as the kernel
        super().close()
