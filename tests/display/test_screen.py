"""What a cell shows, and what is put in its place."""

import pytest

from queenlib.display.screen import publish, replace


def test_without_a_notebook_it_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """Text goes to standard output; there is nothing that could be replaced."""
    publish({"text/plain": "first", "text/html": "<p>"})
    replace({"text/plain": "second"}, "place")
    assert capsys.readouterr().out == "first\nsecond\n"
