"""Where a queen is, in words."""

from __future__ import annotations

from pathlib import Path

import pytest
from platformdirs import user_data_path

from queenlib import Queen
from queenlib.client.opening import how_to
from queenlib.errors import HomeTaken, ProtocolMismatch, QueenError
from queenlib.home import Home
from queenlib.version import PROTOCOL
from tests.client.outliving import ended, of_another_version


def test_each_place_has_its_words(tmp_path: Path) -> None:
    """In this process, joined in it, far away: what it says is true, and asks nobody."""
    with Queen(tmp_path) as here, Queen(tmp_path) as joined, Queen.background(tmp_path, idle_exit_s=1) as behind:
        assert repr(here) == "<Queen in this process>"
        assert joined.url is not None
        assert repr(joined) == repr(behind) == f"<Queen of this process, at {joined.url}>"
        with Queen.connect(joined.url, token_file=tmp_path / "token") as far:
            assert repr(far) == f"<Queen at {joined.url}>"


def test_a_command_names_the_home_where_it_has_to(tmp_path: Path) -> None:
    """A home that is not everybody's is named, ready for a shell."""
    assert how_to("down", Home(user_data_path("queenlib", appauthor=False))) == "queenlib down"
    assert how_to("down", Home(tmp_path / "a b")) == f"queenlib down --home '{tmp_path}/a b'"


def test_a_place_that_is_asked_for_counts_more_than_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`QUEENLIB_URL` is where a plain `Queen()` is; `Queen.background()` and a child are where they say."""
    monkeypatch.setenv("QUEENLIB_URL", "http://127.0.0.1:1")
    with ended(tmp_path), Queen.background(tmp_path) as queen:
        assert "in the background" in repr(queen)
    monkeypatch.setenv("QUEENLIB_TOKEN_FILE", str(tmp_path / "token"))
    with Queen(tmp_path) as plain:
        assert repr(plain) == "<Queen at http://127.0.0.1:1>"


@pytest.mark.parametrize("process", [False, True])
@pytest.mark.parametrize(
    ("said", "next"), [({}, "queenlib restart --when-idle"), ({"protocol": PROTOCOL + 1}, "Restart this kernel")]
)
def test_a_queen_of_another_version_is_told_from_one_that_is_gone(
    tmp_path: Path, said: dict[str, int], next: str, process: bool
) -> None:
    """Older or newer than we: what, why and what to do, at once; nothing is started beside her."""
    with of_another_version(tmp_path, **said), pytest.raises(ProtocolMismatch) as caught:
        Queen(tmp_path, process=process)
    error: QueenError = caught.value
    assert "0.0.9" in error.what
    assert (error.ours, error.hers) == (PROTOCOL, said.get("protocol", 1))
    assert error.next.startswith(next)
    assert not isinstance(error, HomeTaken)
    shown = caught.value._render_traceback_()
    assert shown[0].startswith("ProtocolMismatch: ")
    assert not any("File " in line for line in shown)
