"""Results out of a saved notebook."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queenlib import Queen, read_notebook
from queenlib.display.card import JOB_TYPE, card, data_of
from queenlib.errors import InvalidRequest
from queenlib.messages.infer import InferResult
from queenlib.messages.snapshot import Snapshot
from queenlib.messages.state import State
from queenlib.saved import LARGEST
from tests.display.making import snapshot

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)


def written(path: Path, *cells: list[Any]) -> Path:
    """A notebook whose cells show this."""
    made = [
        {"cell_type": "code", "outputs": [{"output_type": "display_data", "data": data} for data in each]} for each in cells
    ]
    path.write_text(json.dumps({"nbformat": 4, "cells": made}))
    return path


async def test_results_come_back(tmp_path: Path) -> None:
    """Typed, with their cells, each job once as it was shown last; and as a frame."""
    async with Queen(tmp_path / "home") as queen:
        job = queen.infer("x", model="sim:echo?text=hello")
        early = card(Snapshot(job=job.record))
        result = await job
        done = card(await job.snapshot())
        hive = queen.hives.get()
        await hive
    saved = read_notebook(
        written(tmp_path / "a.ipynb", [early], [done, {"text/plain": "x"}], [card(Snapshot(job=hive.record))], [early])
    )
    assert [(each.cell, each.record.id) for each in saved] == [(2, hive.id), (3, job.id)]
    assert saved[1].result == result
    assert isinstance(saved[1].result, InferResult)
    assert list(saved.frame()["job_id"]) == [hive.id, job.id]
    assert job.id in repr(saved)
    assert f">{job.id}</div></td>" in saved._repr_html_()


def test_a_picture_may_be_of_several(tmp_path: Path) -> None:
    """Each of them is there; one that cannot be read is counted, and takes none with it."""
    made = [snapshot(State.SUCCEEDED, id=f"job-{at}").job for at in range(3)]
    several = data_of(made)
    several[JOB_TYPE]["jobs"][1] = 7
    saved = read_notebook(written(tmp_path / "a.ipynb", [several]))
    assert [each.record for each in saved] == [made[0], made[2]]
    assert saved.unread == 1


def test_what_another_version_wrote_is_passed_over(tmp_path: Path) -> None:
    """Another form, a broken record, times that are none, results that do not fit: counted, and the rest is there."""
    good = card(snapshot(State.SUCCEEDED, result={"text": "x"}))
    record: dict[str, Any] = good[JOB_TYPE]["job"]
    made_up: list[dict[str, Any]] = [
        {"since": "9999-01-01T00:00:00Z"},
        {"created_at": "2026-01-01T00:00:00"},
        {"tokens": 10**30},
        {"new": 1},
    ]
    odd: list[dict[str, Any]] = [
        *({JOB_TYPE: {"format": 1, "job": {**record, **each}}} for each in made_up),
        {JOB_TYPE: {"format": 9, "job": good[JOB_TYPE]["job"]}},
        {JOB_TYPE: {"format": 1, "job": {"id": 3}}},
        {JOB_TYPE: 7},
    ]
    saved = read_notebook(written(tmp_path / "a.ipynb", odd, [good]))
    assert [each.record.id for each in saved] == ["job-1"]
    assert saved[0].result is None
    assert len(saved.frame()) == 1
    assert saved.unread == 7
    assert repr(saved).endswith("1 job, and 7 more that this version of queenlib cannot read")
    assert repr(read_notebook(written(tmp_path / "b.ipynb"))) == "no jobs"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"cells": []}', '{"nbformat": 3, "worksheets": []}', "[" * 200_000])
def test_what_is_no_notebook_is_refused(tmp_path: Path, content: str) -> None:
    """With what it is, and what to do."""
    path = tmp_path / "a.ipynb"
    path.write_text(content)
    with pytest.raises(InvalidRequest, match="cannot be read as a notebook"):
        read_notebook(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """As is a folder, and a pipe, on which one would wait for ever; each error has four parts."""
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "none.ipynb", tmp_path, tmp_path / "pipe"):
        with pytest.raises(InvalidRequest, match=path.name) as caught:
            read_notebook(path)
        assert all((caught.value.why, caught.value.state, caught.value.next))


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    """By its size, before any of it is in memory."""
    path = tmp_path / "huge.ipynb"
    with path.open("wb") as file:
        file.truncate(LARGEST + 1)
    with pytest.raises(InvalidRequest, match="more than"):
        read_notebook(path)


@settings(deadline=None)  # pandas is imported under the first
@given(cells=JSON, job=JSON)
def test_whatever_it_holds_nothing_else_is_raised(tmp_path_factory: pytest.TempPathFactory, cells: Any, job: Any) -> None:
    """Any JSON is a list of jobs, or refused."""
    path = tmp_path_factory.getbasetemp() / "any.ipynb"
    inner = [{"outputs": [{"data": {JOB_TYPE: {"format": 1, "job": job}}}]}]
    for content in ({"nbformat": 4, "cells": cells}, {"nbformat": 4, "cells": inner}):
        path.write_text(json.dumps(content))
        try:
            saved = read_notebook(path)
            assert len(saved) + saved.unread <= 1
            assert len(saved.frame()) == len([each.result for each in saved])
        except InvalidRequest:
            assert not isinstance(content["cells"], list)


@settings(deadline=None)
@given(part=st.sampled_from(sorted(card(snapshot(State.SUCCEEDED))[JOB_TYPE]["job"])), value=JSON)
def test_a_record_that_was_tampered_with_breaks_nothing(
    tmp_path_factory: pytest.TempPathFactory, part: str, value: Any
) -> None:
    """Whatever stands in one of its fields, it is read, with its result and its row, or counted."""
    record = {**card(snapshot(State.SUCCEEDED))[JOB_TYPE]["job"], part: value}
    saved = read_notebook(
        written(tmp_path_factory.getbasetemp() / "tampered.ipynb", [{JOB_TYPE: {"format": 1, "job": record}}])
    )
    assert len(saved) + saved.unread == 1
    assert len(saved.frame()) == len([each.result for each in saved])
    assert repr(saved)
    assert saved._repr_html_().isprintable()
