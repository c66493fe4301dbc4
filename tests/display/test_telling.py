"""A job on a plain terminal."""

from pathlib import Path

import pytest

from queenlib import Queen


def test_it_says_what_happens(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """States, steps and the answer, to its end; nothing that could steer the terminal."""
    with Queen(tmp_path) as queen:
        queen.infer("x", model="sim:echo?text=a%1B[31mb").show()
    said = capsys.readouterr().out
    assert "· running" in said
    assert "a\\x1b[31mb" in said
    assert said.endswith("· succeeded\n")
