"""What a notebook's cell shows, and what is put in its place."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from queenlib.display.card import Bundle
from queenlib.display.kernel import shell
from queenlib.display.mode import Mode, current_mode

_cell: ContextVar[Any] = ContextVar("cell", default=None)
"""The message that ran the cell in which things are shown; `None` for the one that runs now."""


def stay() -> None:
    """What is shown from now on in this context is shown in the cell that runs now, whenever that is.

    A kernel before ipykernel 7 shows things in the cell of the last message, and that may be a click on a view, which has
    none.
    """
    _cell.set(getattr(getattr(shell(), "display_pub", None), "parent_header", None) or None)


def publish(bundle: Bundle, display_id: str | None = None) -> None:
    """Show something in the running cell; with an id, it can be replaced."""
    if current_mode() is Mode.TEXT:
        bundle = {"text/plain": bundle["text/plain"]}
    _publish(bundle, display_id, update=False)


def replace(bundle: Bundle, display_id: str) -> None:
    """Put something in the place of what is shown under this id, wherever that is; from any thread."""
    _publish(bundle, display_id, update=True)


def _publish(bundle: Bundle, display_id: str | None, *, update: bool) -> None:
    publisher: Any = getattr(shell(), "display_pub", None)
    if publisher is None:
        print(bundle["text/plain"])  # noqa: T201 - there is nothing but text here
        return
    named = {"transient": {"display_id": display_id}} if display_id else {"transient": {}}
    cell = _cell.get()
    if cell is None or update:  # what is replaced is found by its id, in whichever cell
        publisher.publish(data=bundle, metadata={}, update=update, **named)
        return
    message = publisher.session.msg("display_data", {"data": bundle, "metadata": {}, **named}, parent=cell)
    publisher.session.send(publisher.pub_socket, message, ident=publisher.topic)
