"""A reader in a process of its own: follows one job over HTTP, and says how many events came in how many seconds.

`python -m benchmarks.log.reader HOST PORT TOKEN JOB`; the first word of its input starts it.
"""

from __future__ import annotations

import socket
import sys
import time

MARK = b"\nevent: "


def main(host: str, port: str, token: str, job_id: str) -> None:
    """Read the stream to its end."""
    sys.stdin.readline()
    with socket.create_connection((host, int(port))) as line:
        request = f"GET /v1/jobs/{job_id}/stream HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {token}\r\n\r\n"
        began, count, rest = time.perf_counter(), 0, b""
        line.sendall(request.encode())
        while chunk := line.recv(1 << 20):
            count += (rest + chunk).count(MARK) - rest.count(MARK)
            rest = chunk[-16:]
            if b"event: end\n" in chunk:
                break
        print(count, time.perf_counter() - began)


if __name__ == "__main__":
    main(*sys.argv[1:])
