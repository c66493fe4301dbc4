"""Readers, in a process of their own: many connections to one stream, which count what comes.

`python -m benchmarks.readers.load PORT PATH COUNT`. It prints a line when each has the beginning of its stream, and once all
have the end, how many events came in all; when its input ends, so does it.
"""

from __future__ import annotations

import selectors
import socket
import sys
import threading
from typing import cast

from benchmarks.readers.words import LAST, MARK, TOKEN, more_files

BATCH = 50
"""Connections that are opened at once: fewer than a socket lets wait."""


def request(port: str, path: str) -> bytes:
    """The bytes of one."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode()


def connected(port: str, path: str, count: int) -> list[socket.socket]:
    """So many connections, each with the head of its stream."""
    lines: list[socket.socket] = []
    while len(lines) < count:
        new = [socket.create_connection(("127.0.0.1", int(port))) for _ in range(min(BATCH, count - len(lines)))]
        for line in new:
            line.sendall(request(port, path))
        for line in new:
            head = b""
            while b"\r\n\r\n" not in head or b"retry:" not in head:
                head += line.recv(65536)
        lines += new
    return lines


def read(lines: list[socket.socket]) -> int:
    """How many events come before each stream ends."""
    count, rest = 0, dict.fromkeys(lines, b"")
    with selectors.DefaultSelector() as selector:
        for line in lines:
            selector.register(line, selectors.EVENT_READ)
        while selector.get_map():
            for key, _ in selector.select():
                line = cast("socket.socket", key.fileobj)
                chunk = line.recv(1 << 18)
                seen = rest[line] + chunk
                count += seen.count(MARK) - rest[line].count(MARK)
                rest[line] = seen[-16:]
                if LAST in seen or not chunk:
                    selector.unregister(line)
    return count


def main(port: str, path: str, count: str) -> None:
    """Connect, and count; or just stay, until the input ends."""
    more_files()
    lines = connected(port, path, int(count))
    print("ready", flush=True)
    threading.Thread(target=lambda: print(read(lines), flush=True), daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
