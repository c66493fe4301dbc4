"""Where a plain `Queen()` is."""

from __future__ import annotations

import pytest

from queenlib.client.place import NOTEBOOK_IDLE_S, Place, Where
from queenlib.errors import InvalidRequest

EMBEDDED, BACKGROUND = Place(Where.EMBEDDED), Place(Where.BACKGROUND, NOTEBOOK_IDLE_S)


@pytest.mark.parametrize(
    ("environment", "kernel", "place"),
    [
        ({}, False, EMBEDDED),
        ({}, True, EMBEDDED),  # nbclient, nbval, papermill
        ({"JPY_SESSION_NAME": "a.ipynb"}, True, BACKGROUND),
        ({"JPY_SESSION_NAME": ""}, True, EMBEDDED),
        ({"JPY_SESSION_NAME": "a.ipynb"}, False, EMBEDDED),  # a script that a notebook runs
        ({"VSCODE_PID": "1"}, True, BACKGROUND),
        ({"VSCODE_PID": "1"}, False, EMBEDDED),  # a terminal in VS Code
        ({"COLAB_RELEASE_TAG": "1"}, True, BACKGROUND),
        ({"QUEENLIB_QUEEN": "background"}, False, BACKGROUND),
        ({"QUEENLIB_QUEEN": "embedded", "JPY_SESSION_NAME": "a.ipynb"}, True, EMBEDDED),
        ({"QUEENLIB_QUEEN": ""}, False, EMBEDDED),
    ],
)
def test_by_what_is_known(environment: dict[str, str], kernel: bool, place: Place) -> None:
    """In the background where somebody sits before a notebook, or where it is said; else in this process."""
    assert Place.by(environment, kernel=kernel) == place


@pytest.mark.parametrize("said", ["Background", "process", "no"])
def test_what_is_said_has_to_be_one_of_two(said: str) -> None:
    """Anything else is refused, with what it may be."""
    with pytest.raises(InvalidRequest, match="'embedded'"):
        Place.by({"QUEENLIB_QUEEN": said}, kernel=False)


def test_tests_are_no_notebook() -> None:
    """Here nobody sits before anything."""
    assert Place.usual() == EMBEDDED
