"""The default queen: made once when she is asked for, made again when she was closed."""

import threading
from pathlib import Path

import pytest

from queenlib.client.default import default_queen
from queenlib.client.queen import Queen


def test_there_is_one_until_it_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many who ask at once get the same; after a `close` the next gets a new one."""
    monkeypatch.setenv("QUEENLIB_HOME", str(tmp_path))
    got: list[Queen] = []
    threads = [threading.Thread(target=lambda: got.append(default_queen())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(got) == 8
    assert all(queen is got[0] for queen in got)
    got[0].close()
    again = default_queen()
    assert again is not got[0]
    again.close()
