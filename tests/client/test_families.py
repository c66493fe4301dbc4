"""`queen.hives`, `queen.workers`, `queen.models`: each method is its operation, and no option gets lost on the way."""

from collections.abc import Iterator
from typing import Any

import pytest

from queenlib import Queen, errors
from queenlib.client.job import Job
from queenlib.messages.parse import OPERATIONS


@pytest.fixture(scope="module")
def queen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Queen]:
    """A queen in this process."""
    with Queen(tmp_path_factory.mktemp("home")) as made:
        yield made


CALLS: list[tuple[str, str, tuple[str, ...], dict[str, Any], dict[str, Any]]] = [
    ("hives", "list", (), {}, {"operation": "hive_list"}),
    ("hives", "get", (), {}, {"operation": "hive_get", "hive_id": "local"}),
    ("hives", "get", ("h",), {}, {"operation": "hive_get", "hive_id": "h"}),
    ("hives", "status", ("h",), {}, {"operation": "hive_status", "hive_id": "h"}),
    ("hives", "add", ("h",), {"kind": "simulated"}, {"operation": "hive_create", "hive_id": "h", "kind": "simulated"}),
    ("hives", "update", ("none",), {"address": "a"}, {"operation": "hive_update", "hive_id": "none", "address": "a"}),
    ("hives", "start", ("none",), {}, {"operation": "hive_start", "hive_id": "none"}),
    ("hives", "stop", ("none",), {"force": True}, {"operation": "hive_stop", "hive_id": "none", "force": True}),
    ("hives", "remove", ("none",), {"force": True}, {"operation": "hive_delete", "hive_id": "none", "force": True}),
    ("workers", "list", (), {}, {"operation": "worker_list", "hive_id": "local"}),
    ("workers", "get", ("w",), {"hive": "h"}, {"operation": "worker_get", "worker_id": "w", "hive_id": "h"}),
    ("workers", "stop", ("w",), {"force": True}, {"operation": "worker_delete", "worker_id": "w", "force": True}),
    ("workers", "stop", (), {"idle": True, "hive": "h"}, {"operation": "worker_stop_idle", "hive_id": "h"}),
    (
        "workers",
        "spawn",
        ("sim:words",),
        {"hive": "none", "name": "w", "slots": 3},
        {"operation": "worker_spawn", "model": "sim:words", "hive_id": "none", "name": "w", "slots": 3},
    ),
    ("models", "list", (), {}, {"operation": "model_list", "hive_id": "local"}),
    ("models", "get", ("m",), {}, {"operation": "model_get", "model": "m"}),
    ("models", "delete", ("m",), {"hive": "none"}, {"operation": "model_delete", "model": "m", "hive_id": "none"}),
    (
        "models",
        "download",
        ("file:/none",),
        {"alias": "a", "sha256": "0" * 64, "hive": "none"},
        {"operation": "model_download", "source": "file:/none", "alias": "a", "sha256": "0" * 64, "hive_id": "none"},
    ),
]


@pytest.mark.parametrize(("family", "verb", "args", "options", "request_"), CALLS)
def test_a_method_is_its_operation(
    queen: Queen, family: str, verb: str, args: tuple[str, ...], options: dict[str, Any], request_: dict[str, Any]
) -> None:
    """What is called is what the job was created with, every argument in its place."""
    job: Job[Any] = getattr(getattr(queen, family), verb)(*args, **options)
    assert job.record.request.items() >= request_.items()
    queen.sync.jobs.cancel(job.id)


def test_every_operation_has_its_method() -> None:
    """No operation of the three families is without one."""
    families = {name for name in OPERATIONS if name.split("_")[0] in ("hive", "worker", "model")} - {"hive_check"}
    assert {request["operation"] for *_, request in CALLS} == families


def test_a_bad_argument_fails_on_the_calling_line(queen: Queen) -> None:
    """Each bad one is named, in Python's words for it, and no job is made."""
    before = queen.sync.jobs.list()
    with pytest.raises(errors.InvalidOperation) as caught:
        queen.workers.spawn("sim:words", slots=0, contxt=5)
    assert {each["field"] for each in caught.value.problems} == {"slots", "contxt"}
    with pytest.raises(errors.InvalidOperation):
        queen.hives.get("No Name")
    with pytest.raises(errors.InvalidOperation, match="both a worker"):
        queen.workers.stop("w", idle=True)  # type: ignore[call-overload]
    assert queen.sync.jobs.list() == before


async def test_long_work_has_its_tags_and_its_time(queen: Queen) -> None:
    """Loading and fetching are found by their tags, and end as failed when their time is over; bad terms make no job."""
    slow = queen.workers.spawn("sim:words?load_s=600", name="slow", tags=["big", "slow"], timeout=0.2)
    with pytest.raises(errors.JobTimeout):
        await slow
    assert [job.id for job in (await queen.jobs.list(tags="big", operation="worker_spawn")).jobs] == [slow.id]
    fetch = queen.models.download("file:/none.gguf", tags="big", timeout=60.5)
    assert (fetch.record.terms.tags, fetch.record.terms.timeout) == (("big",), 60.5)
    with pytest.raises(errors.ModelError):
        await fetch
    with pytest.raises(errors.InvalidRequest):
        queen.workers.spawn("sim:words", timeout=0)


def test_each_says_how_to_see_what_there_is(queen: Queen) -> None:
    """Whoever writes its name alone is told."""
    for name in ("hives", "workers", "models", "jobs"):
        assert f"await queen.{name}.list()" in repr(getattr(queen, name))
