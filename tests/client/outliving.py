"""Queens who outlive those who start them, so that a test has to end them; and one of another version."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import psutil

from queenlib.client.reign import Address
from queenlib.file_lock import FileLock
from queenlib.home import Home
from queenlib.world import World


def until(true: Callable[[], object], within_s: float = 60.0) -> None:
    """Wait until something is so."""
    end = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie that waits for its parent does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def pid_of(home: Path) -> int:
    """The process of the queen of a home."""
    address = Address.read(Home(home))
    assert address is not None
    return address.pid


@contextmanager
def ended(home: Path) -> Iterator[Path]:
    """A home whose queen, whoever started her, is killed in the end."""
    try:
        yield home
    finally:
        if (address := Address.read(Home(home))) is not None and address.pid != os.getpid():
            with suppress(ProcessLookupError):
                os.kill(address.pid, signal.SIGKILL)
            until(lambda: not alive(address.pid))


@contextmanager
def of_another_version(home: Path, **said: Any) -> Iterator[str]:
    """A home that is held by a queen who says this of herself, and understands nothing else."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"version": "0.0.9", "pid": os.getpid(), **said}).encode()
            self.send_response(200 if self.path == "/v1/info" else 404)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    opened = Home.open(home)
    opened.token(World())
    lock = FileLock(opened.store.with_suffix(".lock"))
    assert lock.try_take()
    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as http:
        Thread(target=http.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{http.server_address[1]}"
        Address(url, os.getpid(), "0.0.9", serves=True).write(opened, World())
        try:
            yield url
        finally:
            http.shutdown()
            opened.address_file.unlink()
            lock.release()
