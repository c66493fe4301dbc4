"""Asking an address for a file."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from queenlib.models.part import Version
from queenlib.models.pip_index import OnlyPip
from queenlib.models.pip_settings import NetSettings
from queenlib.models.remote_file import Broken, Stale, ask
from tests.models.package_index import PackageIndex, Served, package_index

BODY = bytes(range(256)) * 40
PEM = Path(__file__).with_name("loopback.pem")


@pytest.fixture
def served(index: PackageIndex) -> Served:
    """A file at `/files/x`."""
    index.files["/files/x"] = Served(BODY)
    return index.files["/files/x"]


async def got(
    url: str, resume: Version | None = None, offset: int = 0, settings: NetSettings | None = None
) -> tuple[int, bytes, Version]:
    """Where the answer begins, its bytes, and whose they are."""
    async with ask(url, None, resume, offset, settings or NetSettings()) as reply:
        return reply.start, b"".join([chunk async for chunk in reply.chunks]), reply.version


async def test_whole_and_rest(index: PackageIndex, served: Served) -> None:
    """All of a file comes, and then the rest of the same version."""
    url = f"{index.url}/files/x"
    start, body, version = await got(url)
    assert (start, body, version.total, version.validator) == (0, BODY, len(BODY), '"1"')
    assert await got(url, version, 100) == (100, BODY[100:], version)
    assert index.gets("/files/x") == [None, "bytes=100-"]


async def test_changed_meanwhile(index: PackageIndex, served: Served) -> None:
    """Of a new version all comes, even if the rest was asked for."""
    url = f"{index.url}/files/x"
    _, _, version = await got(url)
    served.etag, served.body = '"2"', BODY[::-1]
    start, body, new = await got(url, version, 100)
    assert (start, body, new.validator) == (0, BODY[::-1], '"2"')


async def test_wrong_rest_is_refused(index: PackageIndex, served: Served) -> None:
    """A partial answer whose length or version is another is not taken."""
    url = f"{index.url}/files/x"
    _, _, version = await got(url)
    served.body = BODY + b"more"
    with pytest.raises(Stale):
        await got(url, version, 100)


async def test_file_address(tmp_path: Path) -> None:
    """A `file:` address is read, from any byte on, unless the file was changed."""
    path = tmp_path / "a b"
    path.write_bytes(BODY)
    _, body, version = await got(path.as_uri())
    assert body == BODY
    assert await got(path.as_uri(), version, 7) == (7, BODY[7:], version)
    path.write_bytes(b"other")
    assert (await got(path.as_uri(), version, 7))[:2] == (0, b"other")
    with pytest.raises(Broken, match="No such file"):
        await got((tmp_path / "none").as_uri())


@pytest.mark.parametrize(("status", "again"), [(404, False), (500, True), (503, True)])
async def test_refusals(index: PackageIndex, served: Served, status: int, again: bool) -> None:
    """Another status is an error that names it; only a fault of the index is worth another try at once."""
    served.status = status
    with pytest.raises(Broken, match=f"127.0.0.1 answers {status}") as caught:
        await got(f"{index.url}/files/x")
    assert caught.value.again is again


async def test_credentials_are_pips(index: PackageIndex, served: Served) -> None:
    """Where credentials are missing, pip has to do it."""
    index.password = "secret"
    with pytest.raises(OnlyPip, match="credentials"):
        await got(f"{index.url}/files/x")


async def test_proxy_is_used(index: PackageIndex, served: Served) -> None:
    """What is asked for goes through the proxy that pip is set to; one that asks for credentials is left to pip."""
    assert (await got("http://packages.invalid/files/x", settings=NetSettings(proxy=index.url)))[1] == BODY
    index.proxy_status = 407
    with pytest.raises(OnlyPip, match="proxy"):
        await got("http://packages.invalid/files/x", settings=NetSettings(proxy=index.url))


async def test_strange_proxies_are_pips(monkeypatch: pytest.MonkeyPatch, index: PackageIndex, served: Served) -> None:
    """A proxy that we cannot speak to, set in pip or in the environment, is left to pip."""
    with pytest.raises(OnlyPip, match="proxy"):
        await got(f"{index.url}/files/x", settings=NetSettings(proxy="odd://proxy.invalid"))
    monkeypatch.setenv("ALL_PROXY", "socks5://proxy.invalid:1080")
    with pytest.raises(OnlyPip, match="proxy"):
        await got(f"{index.url}/files/x")


@pytest.mark.parametrize("proxy", [None, "http://ann:secret@127.0.0.1:9"])
async def test_no_connection(proxy: str | None) -> None:
    """Where nobody answers, the error says so, and no secret, not even in its causes."""
    with pytest.raises(Broken, match="no connection") as caught:
        await got("http://ann:secret@127.0.0.1:9/x?secret", settings=NetSettings(proxy=proxy))
    assert "secret" not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("url", ["ftp://x/y", "file://elsewhere/x", "http://[", "http://"])
async def test_odd_addresses(url: str, plain_environment: None) -> None:
    """An address that cannot be asked is an error of the same kind."""
    with pytest.raises(Broken):
        await got(url)


@pytest.fixture
def secure_index(plain_environment: None) -> Iterator[PackageIndex]:
    """An index with a certificate that nobody trusts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(PEM)
    with package_index(context) as index:
        index.files["/files/x"] = Served(BODY)
        yield index


async def test_certificates(secure_index: PackageIndex, tmp_path: Path) -> None:
    """A certificate that pip is set to trust is trusted; another is left to pip; a file that is none is named."""
    url = f"{secure_index.url}/files/x"
    assert (await got(url, settings=NetSettings(cert=str(PEM), client_cert=str(PEM))))[1] == BODY
    with pytest.raises(OnlyPip, match="certificate"):
        await got(url)
    with pytest.raises(Broken, match="certificate"):
        await got(url, settings=NetSettings(cert=str(tmp_path / "none.pem")))
