"""What a notebook's cell shows, and what is put in its place."""

from __future__ import annotations

from typing import Any

from queenlib.display.card import Bundle
from queenlib.display.kernel import shell


def publish(bundle: Bundle, display_id: str | None = None) -> None:
    """Show something in the running cell; with an id, it can be replaced."""
    _publish(bundle, display_id, update=False)


def replace(bundle: Bundle, display_id: str) -> None:
    """Put something in the place of what is shown under this id, wherever that is; from any thread."""
    _publish(bundle, display_id, update=True)


def _publish(bundle: Bundle, display_id: str | None, *, update: bool) -> None:
    publisher: Any = getattr(shell(), "display_pub", None)
    if publisher is None:
        print(bundle["text/plain"])  # noqa: T201 - there is nothing but text here
        return
    named = {"transient": {"display_id": display_id}, "update": update} if display_id else {}
    publisher.publish(data=bundle, metadata={}, **named)
