"""Who may pass the guard: a pure judgement of a request's head, by the raw ASGI scope.

Browsers are told apart by `Host`, `Origin` and `Sec-Fetch-Site` (a page of somebody else's can reach loopback), everybody
by the token. What a header holds is never in an answer.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import lru_cache
from hmac import compare_digest
from ipaddress import ip_address

from starlette.types import Scope

from queenlib.errors import Forbidden, InvalidRequest, QueenError
from queenlib.http.limits import HttpLimits, too_large
from queenlib.messages.handshake import HEADER, mismatch
from queenlib.version import PROTOCOL, __version__

OPEN = frozenset({b"/health"})
"""Raw paths that need no token."""

SPEAKS_ALL = frozenset({b"/health", b"/v1/info"})
"""Raw paths that are answered whatever the caller speaks: there it learns what we do."""

_HOST = re.compile(rb"([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?")
_JSON = re.compile(rb"application/json(?:\s*;\s*charset\s*=\s*\"?utf-8\"?)?", re.IGNORECASE)


@dataclass(frozen=True)
class Policy:
    """Who may pass."""

    token: str = field(repr=False)
    """What every request has to show."""
    names: Collection[str] = ()
    """Further names that this queen is called by, as they stand in `Host`, such as `queen.lan:8000`."""
    limits: HttpLimits = field(default_factory=HttpLimits)


@dataclass(frozen=True)
class Refusal:
    """Why a request may not pass."""

    status: int
    error: QueenError
    headers: tuple[tuple[bytes, bytes], ...] = ()


def judge(scope: Scope, policy: Policy) -> Refusal | None:
    """Why this request may not pass; `None` if it may."""
    return (
        _judge_size(scope, policy.limits)
        or _judge_host(scope, policy.names)
        or _judge_origin(scope)
        or _judge_token(scope, policy.token)
        or _judge_protocol(scope)
        or _judge_body(scope, policy.limits)
    )


def has_body(scope: Scope) -> bool:
    """Whether the head says that a body follows."""
    return bool(_values(scope, b"transfer-encoding")) or any(value != b"0" for value in _values(scope, b"content-length"))


def _judge_size(scope: Scope, limits: HttpLimits) -> Refusal | None:
    lines, size = len(scope["headers"]), sum(len(name) + len(value) for name, value in scope["headers"])
    if lines <= limits.headers and size <= limits.head:
        return None
    return _bad(
        431,
        f"The head of the request has {lines} lines and {size:,} bytes.",
        f"A queen takes {limits.headers} lines and {limits.head:,} bytes.",
    )


def _judge_host(scope: Scope, names: Collection[str]) -> Refusal | None:
    values = _values(scope, b"host")
    found = _HOST.fullmatch(values[0].lower()) if len(values) == 1 else None
    if found is None:
        return _bad(400, "The request has not one well-formed Host header.", "A queen answers to its own names only.")
    name, port = found[1].decode(), int(found[2] or 80)
    here, our_port = scope["server"]
    if values[0].decode().lower() in names or (port == our_port and _is_here(name.strip("[]"), here)):
        return None
    return _foreign(
        403,
        "The Host header names somebody else.",
        "A page of another site may have asked.",
        "Use the address that the queen printed, or start it with this name too.",
    )


@lru_cache(maxsize=64)
def _is_here(name: str, here: str) -> bool:
    """Whether this names the address that the request came to; on loopback, any name of loopback does."""
    try:
        ours, named = ip_address(here), None if name == "localhost" else ip_address(name)
    except ValueError:
        return False
    return ours.is_loopback if named is None else named == ours or (ours.is_loopback and named.is_loopback)


def _judge_origin(scope: Scope) -> Refusal | None:
    ours = scope["scheme"].encode() + b"://" + _values(scope, b"host")[0].lower()
    sites = _values(scope, b"sec-fetch-site")
    if all(value == ours for value in _values(scope, b"origin")) and all(
        site in (b"same-origin", b"none") for site in sites
    ):
        return None
    return _foreign(
        403,
        "The request comes from a page of another origin.",
        "Browsers say where a request is from.",
        "Ask from a program, or from a page of the queen's own.",
    )


def _judge_token(scope: Scope, token: str) -> Refusal | None:
    if scope["raw_path"] in OPEN:
        return None
    values = _values(scope, b"authorization")
    shown = values[0] if len(values) == 1 else b""
    if compare_digest(shown, b"Bearer " + token.encode()):
        return None
    return _foreign(
        401,
        "The request shows no valid token.",
        "All but /health needs the header Authorization: Bearer ….",
        "The token is in the file that `queenlib serve` names.",
        ((b"www-authenticate", b'Bearer realm="queenlib"'),),
    )


def _judge_protocol(scope: Scope) -> Refusal | None:
    """Who does not say what it speaks, such as curl, reads what it gets; everybody is told who we are."""
    said = _values(scope, HEADER.encode())
    if not said or scope["raw_path"] in SPEAKS_ALL:
        return None
    if len(said) > 1 or not re.fullmatch(rb"[0-9]{1,9}", said[0]):
        return _bad(400, "Queen-Protocol is no number.", "It says what the caller speaks, once.")
    theirs = int(said[0])
    return None if theirs == PROTOCOL else Refusal(409, mismatch(theirs, PROTOCOL, __version__, os.getpid()))


def _judge_body(scope: Scope, limits: HttpLimits) -> Refusal | None:
    lengths = _values(scope, b"content-length")
    if len(lengths) > 1 or not all(re.fullmatch(rb"[0-9]{1,19}", value) for value in lengths):
        return _bad(400, "Content-Length is no number.", "It says how long the body is, once.")
    if lengths and int(lengths[0]) > limits.body:
        return Refusal(413, too_large(limits.body, f"{int(lengths[0]):,}"))
    if not has_body(scope) and scope["method"] in ("GET", "HEAD", "DELETE", "OPTIONS"):
        return None
    kinds, codings = _values(scope, b"content-type"), _values(scope, b"content-encoding")
    if codings or len(kinds) != 1 or not _JSON.fullmatch(kinds[0]):
        return _bad(415, "The body is not called application/json.", "A queen reads JSON in UTF-8, uncompressed, only.")
    return None


def _values(scope: Scope, name: bytes) -> list[bytes]:
    return [value for each, value in scope["headers"] if each == name]


def _bad(status: int, what: str, why: str) -> Refusal:
    hint = "GET /openapi.json says what a queen takes."
    return Refusal(status, InvalidRequest(what, why=why, state="Nothing was done.", next=hint))


def _foreign(status: int, what: str, why: str, next: str, headers: tuple[tuple[bytes, bytes], ...] = ()) -> Refusal:
    return Refusal(status, Forbidden(what, why=why, state="Nothing was done.", next=next), headers)
