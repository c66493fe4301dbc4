"""A socket to listen on, on loopback unless it is meant to be wide."""

from __future__ import annotations

import errno
import os
import socket
from ipaddress import ip_address

from queenlib.errors import QueenError

LOST_S = 30.0
"""Seconds after which a peer that acknowledges nothing of what was sent is lost: its machine is off, or out of reach."""
STRONG = 32
"""Characters that a token has to have where other machines can reach the socket."""


def listen(host: str, port: int, token: str, *, allow_wide: bool = False) -> socket.socket:
    """A socket that nobody else has; port 0 takes any that is free.

    Raises:
        QueenError: The address is not free, not of this machine, or wide without leave or without a strong token.
    """
    if not 0 <= port <= 65_535:
        raise _unusable(host, port, "a port is a number from 0 to 65,535")
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except OSError as error:
        raise _elsewhere(host, str(error.strerror)) from error
    except UnicodeError as error:
        raise _elsewhere(host, "that is no name of a machine") from error
    if not ip_address(str(address[0]).partition("%")[0]).is_loopback:
        _check_wide(str(address[0]), token, allow_wide=allow_wide)
    # Named, because asyncio sends without delay only where the protocol is: else an answer waits 40 ms for an ACK.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # what is accepted has it too; elsewhere a lost peer is told of later
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(1000 * LOST_S))
        if os.name == "posix":  # elsewhere it would let two listen on one port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRNOTAVAIL:
            raise _elsewhere(host, str(error.strerror)) from error
        raise _unusable(host, port, str(error.strerror)) from error
    return listener


def _check_wide(address: str, token: str, *, allow_wide: bool) -> None:
    what = f"{address} can be reached by other machines."
    if not allow_wide:
        raise QueenError(
            what,
            why="Whoever reaches a queen and has its token can run jobs.",
            state="No socket was opened.",
            next="Stay on 127.0.0.1 and come through a tunnel: ssh -L 8000:127.0.0.1:8000 you@machine; "
            f"or, in a network that you trust, allow it: queenlib serve --host {address} --allow-wide",
        )
    if len(token) < STRONG:
        raise QueenError(
            what,
            why=f"The token has {len(token)} characters, and could be guessed.",
            state="No socket was opened.",
            next=f"Use one of at least {STRONG}; without a token file, a strong one is made.",
        )


def _elsewhere(host: str, why: str) -> QueenError:
    return QueenError(
        f"The host {host} cannot be listened on: {why}.",
        why="It has to be an address or a name of this machine.",
        state="Nothing was started.",
        next="Take another host; 127.0.0.1 is for the programs of this machine.",
    )


def _unusable(host: str, port: int, why: str) -> QueenError:
    return QueenError(
        f"Port {port} on {host} cannot be listened on: {why}.",
        state="Nothing was started.",
        next="Take another port; 0 is any that is free.",
    )
