"""A package index on loopback, over real HTTP, with the faults that real ones have."""

from __future__ import annotations

import base64
import hashlib
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from tests.models.make_gguf import METADATA, WHEEL


@dataclass
class Served:
    """One file, and how it is served."""

    body: bytes
    etag: str | None = '"1"'
    ranges: bool = True
    """Whether parts of it can be asked for."""
    cuts: list[int] = field(default_factory=list)
    """For each of the next requests, after how many bytes the line is cut."""
    gate_at: int | None = None
    """After how many bytes of the body it waits for the gate."""
    gate: threading.Event = field(default_factory=threading.Event)
    arrived: threading.Event = field(default_factory=threading.Event)
    """Set when a request has come to the gate."""
    status: int = 200
    chunked: bool = False
    """Whether its length is not told beforehand."""

    @property
    def sha256(self) -> str:
        """The SHA-256 of all of it."""
        return hashlib.sha256(self.body).hexdigest()


class PackageIndex:
    """What is served, how, and what was asked for."""

    def __init__(self) -> None:
        self.files: dict[str, Served] = {}
        self.asked: list[tuple[str, str, str | None]] = []
        """Method, path and `Range` of every request."""
        self.password: str | None = None
        """If set, everything takes the user `ann` and this password."""
        self.proxy_status = 200
        """What a request for another host is answered, if not 200."""
        self.url = ""

    def offer(self, wheel: bytes, *, metadata: bool = True, hashed: bool = True, named: str = WHEEL) -> Served:
        """Offer a wheel on the page of its package, with PEP 658 metadata or without."""
        served = self.files[f"/files/{named}"] = Served(wheel)
        beside = f' data-core-metadata="sha256={hashlib.sha256(METADATA).hexdigest()}"' if metadata else ""
        fragment = f"#sha256={served.sha256}" if hashed else ""
        page = f'<!DOCTYPE html><a href="/files/{named}{fragment}"{beside}>{named}</a>'
        self.files[f"/files/{named}.metadata"] = Served(METADATA)
        self.files["/simple/tiny-model/"] = Served(page.encode())
        return served

    def gets(self, path: str) -> list[str | None]:
        """The `Range` of each GET of a path."""
        return [part for method, asked, part in self.asked if method == "GET" and asked == path]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    index: PackageIndex

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, body: bool) -> None:
        self.close_connection = True
        split = urlsplit(self.path)
        self.index.asked.append((self.command, split.path, self.headers.get("Range")))
        served = self.index.files.get(split.path)
        wanted = f"Basic {base64.b64encode(f'ann:{self.index.password}'.encode()).decode()}"
        if split.netloc and self.index.proxy_status != 200:
            self._refuse(self.index.proxy_status)
        elif self.index.password is not None and self.headers.get("Authorization") != wanted:
            self._refuse(401)
        elif served is None or served.status != 200:
            self._refuse(served.status if served else 404)
        else:
            self._serve(served, body)

    def _refuse(self, status: int) -> None:
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="index"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _serve(self, served: Served, body: bool) -> None:
        first, last = self._range(served)
        part = served.body[first : last + 1]
        self.send_response(206 if (first, last) != (0, len(served.body) - 1) else 200)
        self.send_header("Content-Type", "text/html" if self.path.startswith("/simple") else "application/octet-stream")
        self.send_header("Connection", "close")
        if not served.chunked:
            self.send_header("Content-Length", str(len(part)))
        if served.etag:
            self.send_header("ETag", served.etag)
        if served.ranges:
            self.send_header("Accept-Ranges", "bytes")
        if len(part) != len(served.body):
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(served.body)}")
        self.end_headers()
        if body:
            self._send(served, part)

    def _range(self, served: Served) -> tuple[int, int]:
        end, asked = len(served.body) - 1, self.headers.get("Range", "")
        if not served.ranges or not asked or self.headers.get("If-Range", served.etag) != served.etag:
            return 0, end
        first, _, last = asked.removeprefix("bytes=").partition("-")
        return int(first), min(int(last or end), end)

    def _send(self, served: Served, part: bytes) -> None:
        if served.cuts:
            self.wfile.write(part[: served.cuts.pop(0)])
            return
        gate_at = len(part) if served.gate_at is None else served.gate_at
        self.wfile.write(part[:gate_at])
        self.wfile.flush()
        if served.gate_at is not None:
            served.arrived.set()
            served.gate.wait(60)
        self.wfile.write(part[gate_at:])

    def log_message(self, format: str, *args: object) -> None:
        pass


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that has left is what many tests are about."""


@contextmanager
def package_index(tls: ssl.SSLContext | None = None) -> Iterator[PackageIndex]:
    """An index that is served until this is left."""
    index = PackageIndex()
    handler = type("Handler", (_Handler,), {"index": index})
    with _Quiet(("127.0.0.1", 0), handler) as listening:
        if tls is not None:
            listening.socket = tls.wrap_socket(listening.socket, server_side=True)
        index.url = f"http{'s' if tls else ''}://127.0.0.1:{listening.server_port}"
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield index
        finally:
            for served in index.files.values():
                served.gate.set()
            listening.shutdown()
            thread.join()
