"""The home: one folder, for its owner alone."""

import stat
import threading
from pathlib import Path

import pytest
from platformdirs import user_data_path

from queenlib.errors import QueenError
from queenlib.home import Home, read_token
from queenlib.world import World


def mode(path: Path) -> int:
    """The permission bits of a path."""
    return stat.S_IMODE(path.stat().st_mode)


def test_a_home_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    """Folders have mode 0700, the token file 0600; the token is made once."""
    home = Home.open(tmp_path / "home")
    token = home.token(World())
    assert [mode(each) for each in (home.path, home.models, home.downloads, home.logs)] == [0o700] * 4
    assert mode(home.token_file) == 0o600
    assert home.token(World()) == token == read_token(home.token_file)


def test_the_environment_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`QUEENLIB_HOME` is the home, unless one is given."""
    monkeypatch.setenv("QUEENLIB_HOME", str(tmp_path / "there"))
    assert Home.open().path == tmp_path / "there"
    assert Home.open(tmp_path / "here").path == tmp_path / "here"


def test_a_home_is_named_without_being_made(tmp_path: Path) -> None:
    """Whoever only asks makes nothing; whether it is everybody's is known."""
    assert Home.named(tmp_path / "home") == Home(tmp_path / "home")
    assert not (tmp_path / "home").exists()
    assert not Home.named(tmp_path).is_usual
    assert Home(user_data_path("queenlib", appauthor=False)).is_usual


def test_a_home_that_cannot_be_made_says_what_to_do(tmp_path: Path) -> None:
    """A file in the way is an error with the remedy."""
    (tmp_path / "file").touch()
    with pytest.raises(QueenError) as caught:
        Home.open(tmp_path / "file" / "home")
    assert "QUEENLIB_HOME" in caught.value.next


def test_a_token_that_others_can_read_is_refused(tmp_path: Path) -> None:
    """Neither a readable token file nor a missing one is used, and the token is not in the error."""
    file = tmp_path / "token"
    file.write_text("secret-canary")
    file.chmod(0o644)
    with pytest.raises(QueenError) as caught:
        read_token(file)
    assert f"chmod 600 {file}" in caught.value.next
    assert "secret-canary" not in str(caught.value)
    with pytest.raises(QueenError):
        read_token(tmp_path / "none")


def test_many_who_make_the_token_at_once_have_one(tmp_path: Path) -> None:
    """Whoever is first, each gets the same whole token, and no draft is left."""
    home, got = Home.open(tmp_path), list[str]()
    threads = [threading.Thread(target=lambda: got.append(home.token(World()))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(got) == 16
    assert set(got) == {read_token(home.token_file)}
    assert len(got[0]) >= 43
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["token"]


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe", b"two words", b"line\nline", "t\u00f6ken".encode()])
def test_a_file_without_a_token_is_refused(tmp_path: Path, content: bytes) -> None:
    """An empty file, or one of something else, is never taken for a token."""
    file = tmp_path / "token"
    file.touch(0o600)
    file.write_bytes(content)
    with pytest.raises(QueenError) as caught:
        read_token(file)
    assert "rm " in caught.value.next
