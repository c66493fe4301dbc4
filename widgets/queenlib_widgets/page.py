"""What the page needs to show a widget."""

from __future__ import annotations

from typing import Any


def bundle_of(widget: Any) -> dict[str, Any]:
    """A widget's data by MIME type, without the text that names it by its place in memory."""
    made = widget._repr_mimebundle_()
    data = made[0] if isinstance(made, tuple) else made
    return {kind: each for kind, each in (data or {}).items() if kind.startswith("application/")}
