"""How pip is set to reach the network: what `pip config list` says, for a transfer of our own."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

_LINE = re.compile(r"(?P<section>:env:|[\w-]+)\.(?P<name>[\w-]+)=(?P<value>['\"].*['\"])")
_RANKS = ("global", "install", ":env:")
"""Sections, from the weakest to the strongest; `install` is the command that resolves."""


@dataclass(frozen=True)
class NetSettings:
    """How to reach the network. Shown without the proxy, which may hold a password."""

    proxy: str | None = field(default=None, repr=False)
    cert: str | None = None
    """A file of certificates to trust, in place of the system's."""
    client_cert: str | None = None
    """A file with our own certificate and its key."""
    timeout_s: float | None = None
    """How long a connection, and each read, may take."""


def read_settings(lines: Iterable[str]) -> NetSettings:
    """The settings in the lines that `pip config list` prints; lines of another kind are passed over."""
    found: dict[str, tuple[int, str]] = {}
    for line in lines:
        match = _LINE.fullmatch(line.strip())
        if match is None or match["section"] not in _RANKS:
            continue
        rank = _RANKS.index(match["section"])
        name = match["name"].removeprefix("default-")  # `timeout` has two names
        if rank >= found.get(name, (0, ""))[0]:
            with suppress(ValueError, SyntaxError):
                found[name] = rank, str(ast.literal_eval(match["value"]))
    values = {name: value for name, (_, value) in found.items() if value}
    return NetSettings(
        proxy=_with_scheme(values.get("proxy")),
        cert=values.get("cert"),
        client_cert=values.get("client-cert"),
        timeout_s=_seconds(values.get("timeout")),
    )


def _with_scheme(proxy: str | None) -> str | None:
    return proxy if proxy is None or "://" in proxy else f"http://{proxy}"


def _seconds(text: str | None) -> float | None:
    with suppress(ValueError):
        seconds = float(text or "")
        return seconds if 0 < seconds < float("inf") else None
    return None
