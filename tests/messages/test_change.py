"""Changes: what can be watched, and how a list is put together."""

from __future__ import annotations

import pytest

from queenlib.errors import InvalidRequest
from queenlib.messages.change import FORMS, Change, Kind, Watched, name_of, parse_watch
from queenlib.messages.hive import HiveInfo
from queenlib.messages.model import ModelInfo
from tests.boards.test_watching import hive


@pytest.mark.parametrize("said", [{"limit": 0}, {"limit": 1001}, {"limit": "x"}, {"hive": "no hive"}, {"colour": "red"}])
def test_what_cannot_be_watched_is_refused(said: dict[str, object]) -> None:
    """By name, with what it has to be."""
    with pytest.raises(InvalidRequest) as caught:
        parse_watch(Kind.JOBS, **said)
    assert next(iter(said)) in caught.value.what
    assert caught.value.next


def test_a_list_is_put_together() -> None:
    """What is new comes last, what changed stays where it is, what is gone goes; a reset begins anew."""
    watched = Watched[HiveInfo]()
    a, b, c = hive("a", ""), hive("b", ""), hive("c", "")
    watched.take(Change[HiveInfo](revision="r.1", reset=True, items=(a, b)))
    watched.take(Change[HiveInfo](revision="r.2", items=(c, hive("a", "new")), gone=("b", "none")))
    assert [(each.id, each.reason) for each in watched.items.values()] == [("a", "new"), ("c", "")]
    watched.take(Change[HiveInfo](revision="r.3", reset=True, items=(b,)))
    assert (list(watched.items), watched.revision) == (["b"], "r.3")


def test_each_kind_has_its_form_and_its_names() -> None:
    """No kind is without one, and what goes over the wire comes back as it was."""
    assert set(FORMS) == set(Kind)
    change = Change[HiveInfo](revision="r.1", items=(hive("a", "x"),), gone=("b",))
    assert FORMS[Kind.HIVES].model_validate_json(change.model_dump_json()) == change
    assert name_of(ModelInfo(name="m", source="file:/m", present=False)) == "file:/m"
