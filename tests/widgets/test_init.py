"""The views where nothing is installed that they take."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.display.bare import bare

TRY = """
from queenlib.errors import MissingExtra
for module in ("queenlib_widgets", "queenlib_widgets.view"):
    try:
        __import__(module)
    except MissingExtra as error:
        print(error.extra, error, sep="; ")
"""


def test_without_any_package_of_widgets_it_is_said_how_to_get_them(tmp_path: Path) -> None:
    """Also without those that a kernel brings: one typed error, from each module."""
    python = bare(tmp_path / "env")
    (traitlets,) = (tmp_path / "env").glob("lib/python*/site-packages/traitlets")
    traitlets.unlink()
    done = subprocess.run([python, "-c", TRY], capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    assert done.stdout.count("notebook; ") == 2
    assert done.stdout.count("pip install 'queenlib[notebook]'") == 2
