"""Asks an address for a file, from some byte on: `http:`, `https:` and `file:`."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import httpx2

from queenlib.models.files import BLOCK, off_loop
from queenlib.models.part import Version
from queenlib.models.pip_index import OnlyPip
from queenlib.models.pip_settings import NetSettings

STALL_S = 30.0
"""How long nothing may come, unless pip is set to another timeout, in seconds."""
CONNECT_S = 15.0
_REFUSED = {401: "the index asks for credentials", 403: "the index forbids it", 407: "the proxy asks for credentials"}


class Broken(Exception):
    """The bytes stopped coming. The text says why; `again` whether asking again at once can help."""

    def __init__(self, why: str, *, again: bool = False) -> None:
        super().__init__(why)
        self.again = again


class Stale(Exception):
    """What is here cannot be gone on with: throw it away and ask for all."""


@dataclass(frozen=True)
class Reply:
    """What an address answers."""

    version: Version
    start: int
    """The number of the first byte that comes: the one that was asked for, or 0."""
    chunks: AsyncIterator[bytes]


@asynccontextmanager
async def ask(
    url: str, promised: str | None, resume: Version | None, offset: int, settings: NetSettings
) -> AsyncIterator[Reply]:
    """Ask for a file: from byte `offset` on if it is still the version `resume`, else from its beginning.

    Raises:
        Broken: There is no answer, or it broke off.
        Stale: There is more than there should be, or something else: what is here must go first.
        OnlyPip: The answer is that credentials are missing, or a certificate is not trusted.
    """
    try:
        scheme, host = urlsplit(url).scheme, urlsplit(url).hostname
    except ValueError:
        raise Broken("The address that the index gives is none") from None
    async with AsyncExitStack() as stack:
        if scheme == "file" and host in (None, "", "localhost"):
            reply = _ask_file(stack, url, promised, resume, offset)
        elif scheme in ("http", "https"):
            stack.enter_context(_http_troubles(host or "", settings))
            reply = await _ask_http(stack, url, promised, resume, offset, settings)
        else:
            raise Broken(f"The address begins with {scheme!a}, which is not known here")
        yield reply


def _ask_file(stack: AsyncExitStack, url: str, promised: str | None, resume: Version | None, offset: int) -> Reply:
    path = Path(url2pathname(urlsplit(url).path))
    with _file_troubles():
        status = path.stat()
        file = stack.enter_context(path.open("rb"))
    version = Version.of(url, promised, f"{status.st_mtime_ns}", status.st_size)
    start = offset if version == resume else 0
    file.seek(start)

    async def chunks() -> AsyncIterator[bytes]:
        with _file_troubles():
            while block := await off_loop(file.read, BLOCK):
                yield block

    return Reply(version, start, chunks())


async def _ask_http(
    stack: AsyncExitStack, url: str, promised: str | None, resume: Version | None, offset: int, settings: NetSettings
) -> Reply:
    headers = {"Accept-Encoding": "identity", "User-Agent": "queenlib"}
    if resume is not None and resume.validator is not None and offset:
        headers |= {"Range": f"bytes={offset}-", "If-Range": resume.validator}
    client = await stack.enter_async_context(await off_loop(_client, settings))
    response = await stack.enter_async_context(client.stream("GET", url, headers=headers))
    status = response.status_code
    if status in _REFUSED:
        raise OnlyPip(_REFUSED[status])
    if status == 206 and resume is not None:
        if _continues(response, resume, offset):
            return Reply(resume, offset, response.aiter_raw())
        raise Stale
    if status == 416 and resume is not None:
        raise Stale
    if status != 200:
        raise Broken(f"{urlsplit(url).hostname} answers {status} {response.reason_phrase}", again=status >= 500)
    length = response.headers.get("content-length", "")
    version = Version.of(url, promised, _validator(response), int(length) if length.isdecimal() else None)
    return Reply(version, 0, response.aiter_raw())


def _continues(response: httpx2.Response, resume: Version, offset: int) -> bool:
    """Whether a partial answer is the rest of what is here."""
    last = f"{resume.total - 1}/{resume.total}" if resume.total is not None else ""
    same = _validator(response) in (None, resume.validator)
    return same and bool(last) and response.headers.get("content-range", "").strip() == f"bytes {offset}-{last}"


def _validator(response: httpx2.Response) -> str | None:
    etag = response.headers.get("etag", "")
    return etag if etag.startswith('"') else response.headers.get("last-modified")


def _client(settings: NetSettings) -> httpx2.AsyncClient:
    """A client; it reads certificates, which takes a while."""
    try:
        context = _certificates(settings) if settings.cert or settings.client_cert else True
    except OSError:
        raise Broken("A certificate that pip is set to use cannot be read") from None
    timeout = httpx2.Timeout(settings.timeout_s or STALL_S, connect=settings.timeout_s or CONNECT_S)
    try:
        return httpx2.AsyncClient(verify=context, proxy=settings.proxy, timeout=timeout, follow_redirects=True)
    except (ImportError, ValueError, httpx2.InvalidURL):
        raise OnlyPip("the proxy is of a kind that is not known here") from None


def _certificates(settings: NetSettings) -> ssl.SSLContext:
    place = Path(settings.cert).expanduser() if settings.cert else None
    folder = place is not None and place.is_dir()
    context = ssl.create_default_context(cafile=None if folder else place, capath=place if folder else None)
    if settings.client_cert:
        context.load_cert_chain(Path(settings.client_cert).expanduser())
    return context


@contextmanager
def _file_troubles() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Broken(f"The file cannot be read: {error.strerror}") from None


@contextmanager
def _http_troubles(host: str, settings: NetSettings) -> Iterator[None]:
    """Say what broke in our own words: an address or a proxy may hold secrets, so no cause is kept either."""
    try:
        yield
    except (httpx2.ConnectTimeout, httpx2.ConnectError) as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            raise OnlyPip("the certificate is not one that is trusted here") from None
        raise Broken(f"There is no connection to {host}") from None
    except httpx2.ProxyError as error:
        if "407" in str(error):
            raise OnlyPip(_REFUSED[407]) from None
        raise Broken(f"The proxy does not lead to {host}") from None
    except httpx2.TimeoutException:
        raise Broken(f"{host} sent nothing for {settings.timeout_s or STALL_S:g} s") from None
    except (httpx2.HTTPError, httpx2.InvalidURL):
        raise Broken(f"{host} broke the line", again=True) from None
