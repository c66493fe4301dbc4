"""A socket to listen on."""

from __future__ import annotations

import socket

import pytest

from queenlib.errors import QueenError
from queenlib.http.listen import LOST_S, STRONG, listen

STRONG_TOKEN = "t" * STRONG


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost", "::1"])
def test_loopback_is_free_to_use(host: str) -> None:
    """It needs no leave, and port 0 is one that is free."""
    with listen(host, 0, "t") as made:
        assert made.getsockname()[1] > 0
        assert made.getsockname()[0] in (host, "127.0.0.1", "::1")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", ""])
@pytest.mark.parametrize(("token", "allow_wide"), [(STRONG_TOKEN, False), ("t" * (STRONG - 1), True), ("", True)])
def test_wide_needs_leave_and_a_strong_token(host: str, token: str, allow_wide: bool) -> None:
    """With one of them alone no socket is opened, and the error says what to do, without the token."""
    with pytest.raises(QueenError, match=r"No socket was opened") as refused:
        listen(host or "0.0.0.0", 0, token, allow_wide=allow_wide)
    assert allow_wide or f"queenlib serve --host {host or '0.0.0.0'} --allow-wide" in str(refused.value.next)
    assert refused.value.next
    assert not token or token not in str(refused.value)


def test_wide_with_both_is_allowed_to_be_tried() -> None:
    """An address of the network passes the check; this one is of no machine, so nothing is opened here either."""
    with pytest.raises(QueenError, match="cannot be listened on"):
        listen("192.0.2.1", 0, STRONG_TOKEN, allow_wide=True)


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="this system has no such bound")
def test_a_peer_that_is_lost_is_noticed() -> None:
    """Whoever acknowledges nothing for that long is gone for the kernel, on each connection that is accepted."""
    with listen("127.0.0.1", 0, "t") as made, socket.create_connection(made.getsockname()):
        accepted, _ = made.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 1000 * LOST_S


def test_a_taken_port_is_an_error_at_once() -> None:
    """It names the port and says what to do."""
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(QueenError) as refused:
        listen("127.0.0.1", port := other.getsockname()[1], STRONG_TOKEN)
    assert f"Port {port} on 127.0.0.1 cannot be listened on" in refused.value.what
    assert "0 is any that is free" in refused.value.next


@pytest.mark.parametrize("port", [-1, 65_536])
def test_what_is_no_port_is_an_error(port: int) -> None:
    """A QueenError and nothing else."""
    with pytest.raises(QueenError, match="cannot be listened on"):
        listen("127.0.0.1", port, STRONG_TOKEN)


@pytest.mark.parametrize("host", ["127.0.0.1.1", "300.1.1.1", "no such host", "a..b", "192.0.2.1"])
def test_a_host_that_is_not_this_machine_is_what_the_error_is_about(host: str) -> None:
    """No name, or one of another machine: another port would not help."""
    with pytest.raises(QueenError, match=f"^The host {host} cannot be listened on: ") as refused:
        listen(host, 0, STRONG_TOKEN, allow_wide=True)
    assert "host" in str(refused.value.next)
    assert "port" not in str(refused.value.next)


def test_answers_do_not_wait() -> None:
    """The socket names its protocol: asyncio sends without delay (TCP_NODELAY) only where it is named."""
    with listen("127.0.0.1", 0, "t") as made:
        assert made.proto == socket.IPPROTO_TCP
