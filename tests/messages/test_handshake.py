"""Whether a client and a queen can speak with each other."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from queenlib.errors import ProtocolMismatch
from queenlib.messages.handshake import mismatch, read_info
from queenlib.messages.job import QueenInfo
from queenlib.version import PROTOCOL

INFO = QueenInfo(
    version="1.2.3",
    protocol=PROTOCOL,
    pid=7,
    started_at=datetime(2026, 1, 1, tzinfo=UTC),
    operations=("infer",),
    default_model="m",
    unfinished={"running": 2},
)


def said(**more: Any) -> bytes:
    """What a queen says, and more."""
    return json.dumps(INFO.wire() | more).encode()


def test_one_of_our_version_is_read() -> None:
    """All that she says; what a later one says beside it is left out."""
    assert read_info(said()) == INFO
    assert read_info(said(mood="good")) == INFO


@pytest.mark.parametrize("hers", [PROTOCOL - 1, PROTOCOL + 1])
def test_one_of_another_version_is_refused(hers: int) -> None:
    """Whatever else she says: who she is, and whose turn it is to be restarted."""
    with pytest.raises(ProtocolMismatch, match=r"1\.2\.3, process 7") as caught:
        read_info(said(protocol=hers, operations=7))
    error = caught.value
    assert (error.ours, error.hers, error.version, error.pid, error.unfinished) == (PROTOCOL, hers, "1.2.3", 7, 2)


def test_one_who_does_not_say_it_is_the_first() -> None:
    """There was nothing to be told apart then."""
    old = {name: value for name, value in INFO.wire().items() if name != "protocol"}
    with pytest.raises(ProtocolMismatch) as caught:
        read_info(json.dumps(old).encode())
    assert caught.value.hers == 1


@pytest.mark.parametrize("unfinished", [None, "many", 7, {"running": "two"}])
def test_what_one_of_another_version_counts_otherwise_is_not_known(unfinished: Any) -> None:
    """Her jobs are counted where she says it as we do, and else not guessed."""
    with pytest.raises(ProtocolMismatch) as caught:
        read_info(said(protocol=PROTOCOL + 1, unfinished=unfinished))
    assert caught.value.unfinished is None


@pytest.mark.parametrize("content", [b"", b"[]", b'"x"', b"{}", b'{"status": "ok"}', b"\xff"])
def test_what_is_no_queen_is_none(content: bytes) -> None:
    """Somebody else answers there."""
    with pytest.raises(ValueError, match=r"queen|JSON|Expecting|decode"):
        read_info(content)


def test_what_to_do_is_for_the_older_side() -> None:
    """An older queen is ended, an older program is begun anew."""
    assert mismatch(3, 2, "1.2.3", 7).next.startswith("queenlib restart --when-idle ")
    assert mismatch(2, 3, "1.2.3", 7).next.startswith("Restart this kernel")
