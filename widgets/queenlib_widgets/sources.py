"""What the page runs: plain modules and one style sheet, shipped in the package and read once.

As strings, and not as paths: anywidget keeps every view whose module is a path alive for ever
(https://github.com/manzt/anywidget/issues/929).
"""

from __future__ import annotations

from importlib.resources import files


def module(*names: str) -> str:
    """Modules as one: those that are shared first, the view's own last."""
    return "\n".join(_read(f"{name}.js") for name in names)


def style() -> str:
    """The style sheet of all views."""
    return _read("views.css")


def _read(name: str) -> str:
    return files("queenlib_widgets").joinpath("static", name).read_text(encoding="utf-8")
