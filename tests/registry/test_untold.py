"""Private results: known for a while, and written nowhere."""

from __future__ import annotations

from queenlib.messages.model import ModelDelete
from queenlib.registry.memory import MemoryStore
from queenlib.registry.untold import MOST, Untold
from tests.registry.stores import log_of_one


async def test_the_newest_are_known() -> None:
    """One result more than are held pushes out the oldest; one that is forgotten is not known; none is nothing."""
    record = log_of_one(ModelDelete(model="m"), MemoryStore()).record.model_copy(update={"result": {"text": ""}})
    untold = Untold()
    for number in range(MOST + 1):
        untold.keep(f"job-{number}", {"text": f"secret {number}"})
    untold.keep("job-none", None)

    def told(name: str) -> object:
        return (untold.tell(record.model_copy(update={"id": name})).result or {})["text"]

    assert [told(name) for name in ("job-0", "job-1", f"job-{MOST}", "job-none")] == ["", "secret 1", f"secret {MOST}", ""]
    untold.forget("job-1")
    assert told("job-1") == ""


async def test_one_that_has_no_result_gets_none() -> None:
    """A job whose log has none is told as it is, whatever is held."""
    record = log_of_one(ModelDelete(model="m"), MemoryStore()).record
    assert Untold().tell(record, {"text": "secret"}) == record
