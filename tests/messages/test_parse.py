"""From payloads to operations: every bad field at once, and the nearest name."""

import json
import math
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queenlib.errors import InvalidOperation, InvalidRequest
from queenlib.messages.answer import Usage
from queenlib.messages.base import Operation, Recovery, Result
from queenlib.messages.hive import HiveStart
from queenlib.messages.infer import Infer
from queenlib.messages.job import RETRIES, USUAL, Terms
from queenlib.messages.parse import LISTED, OPERATIONS, AnyOperation, parse_operation, parse_terms, schemas

DESIGNED = {
    "hive_list", "hive_get", "hive_status", "hive_create", "hive_update", "hive_delete", "hive_start", "hive_stop",
    "worker_list", "worker_get", "worker_spawn", "worker_delete", "worker_stop_idle",
    "model_list", "model_get", "model_download", "model_delete",
    "infer", "infer_batch", "embed", "status", "queen_check", "hive_check",
}  # fmt: skip


def problems(payload: Any) -> dict[str, str]:
    """What is wrong with a payload, by field."""
    with pytest.raises(InvalidOperation) as caught:
        parse_operation(payload)
    return {each["field"]: each["problem"] for each in caught.value.problems}


def test_every_operation_is_there() -> None:
    """The union holds the designed operations and nothing else."""
    assert set(OPERATIONS) == DESIGNED


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_each_operation_declares_result_recovery_and_limit(name: str) -> None:
    """Each class says what it results in, how it recovers, and how long it may run."""
    operation = OPERATIONS[name]
    assert issubclass(operation.result_model, Result)
    assert isinstance(operation.recovery, Recovery)
    assert operation.run_limit_s > 0
    assert operation.__doc__


@pytest.mark.parametrize("kind", get_args(AnyOperation))
def test_every_field_is_documented(kind: type[Operation]) -> None:
    """Each field of each operation, but its tag, has a description in its schema."""
    assert [name for name, field in kind.model_fields.items() if not field.description and name != "operation"] == []


@given(st.builds(Infer, prompt=st.text(max_size=200), seed=st.none() | st.integers(0, 2**31), temperature=st.floats(0, 5)))
def test_an_operation_survives_the_wire(operation: Infer) -> None:
    """An operation, its dict, its JSON: all parse to the same."""
    assert parse_operation(operation) == operation
    assert parse_operation(operation.wire()) == operation
    assert parse_operation(operation.model_dump_json()) == operation


def test_every_bad_field_is_named_at_once() -> None:
    """One error for the whole payload, with the nearest names."""
    found = problems(
        {
            "operation": "infer",
            "promt": "x",
            "temperature": math.nan,
            "max_tokens": True,
            "top_k": 1.5,
            "stop": "x",
            "engine_params": {"mirostat_ta": 1},
        }
    )
    assert set(found) == {"promt", "temperature", "max_tokens", "top_k", "stop", "engine_params.mirostat_ta"}
    assert "did you mean 'prompt'?" in found["promt"]
    assert "did you mean 'mirostat_tau'?" in found["engine_params.mirostat_ta"]


def test_an_unknown_operation_gets_the_nearest_and_the_list() -> None:
    """The error suggests the nearest operation and lists all of them."""
    with pytest.raises(InvalidOperation) as caught:
        parse_operation({"operation": "hive_lst"})
    assert "did you mean 'hive_list'?" in caught.value.what
    assert all(name in caught.value.next for name in OPERATIONS)
    assert "No job was made." in caught.value.state


@pytest.mark.parametrize(
    "payload", [{}, [], None, 3, b"{", b"\xff", "nonsense", {"operation": "__class__"}, {"operation": "hive_list\n"}]
)
def test_what_is_no_operation_is_refused(payload: Any) -> None:
    """Anything else than an operation is one typed error."""
    assert problems(payload)


def test_hive_operations_also_take_id() -> None:
    """The hive's id may be written `id`, and defaults to `local`."""
    assert parse_operation({"operation": "hive_start", "id": "attic"}) == HiveStart(hive_id="attic")
    assert parse_operation({"operation": "hive_start"}) == HiveStart(hive_id="local")


@pytest.mark.parametrize("name", ["", "A", "a b", "-a", "a-", "ü", "a" * 64, "../x", "a\nb"])
def test_bad_names_are_refused(name: str) -> None:
    """Ids of hives and workers match one strict pattern."""
    assert "hive_id" in problems({"operation": "hive_start", "hive_id": name}) or "id" in problems(
        {"operation": "hive_start", "id": name}
    )


def test_a_kind_that_does_not_exist_is_refused_with_those_that_do() -> None:
    """The error names the kinds of hives that there are."""
    said = " ".join(problems({"operation": "hive_create", "id": "a", "kind": "ssh"}).values())
    assert "local" in said
    assert "simulated" in said


@pytest.mark.parametrize("both", [{}, {"prompt": "a", "messages": [{"role": "user", "content": "b"}]}])
def test_infer_takes_one_question(both: dict[str, Any]) -> None:
    """Neither a prompt nor messages, or both, is refused."""
    assert "give either prompt or messages" in next(iter(problems({"operation": "infer", **both}).values()))


def test_schemas_cover_all_that_travels() -> None:
    """Operations, results and events can be exported as JSON Schemas that are plain JSON."""
    exported = json.loads(json.dumps(schemas()))
    assert set(exported["operations"]) == set(exported["results"]) == DESIGNED
    assert exported["event"]["discriminator"]["propertyName"] == "type"
    assert exported["operations"]["infer"]["properties"]["temperature"]["maximum"] == 5


def test_what_is_not_plain_data_is_refused() -> None:
    """An object that JSON does not know is a typed error, which names the field that has it."""
    assert problems({"operation": "infer", "prompt": object()}) == {"prompt": "is not plain JSON data, but of type object"}
    assert list(problems(object())) == ["(payload)"]


def test_half_a_pair_in_a_cell_is_named_by_its_column_and_row() -> None:
    """Each such cell is, up to the limit of one error, and nothing that cannot be written is said back."""
    cells = ["x", "bee \ud83d", *["\udc1d"] * LISTED]
    with pytest.raises(InvalidOperation) as caught:
        parse_operation({"operation": "infer_batch", "prompt": "{a}", "columns": {"a": cells, "b": ["x"] * len(cells)}})
    assert caught.value.problems[0]["field"] == "columns.a.1"
    assert caught.value.problems[0]["problem"] == "has half of a surrogate pair at character 4, which is no text"
    assert (len(caught.value.problems), caught.value.why) == (LISTED, f"{LISTED + 1} fields do not fit.")
    assert caught.value.what.encode()


@pytest.mark.parametrize("name", ["schema", "choices", "regex"])
@pytest.mark.parametrize("value", [Usage, "x", ["good", "bad"]])
def test_what_is_asked_for_as_of_a_frame_is_named_with_what_there_is(name: str, value: Any) -> None:
    """A form of the answers that only tables of pandas take leads to `json_schema`, and no internals are shown."""
    found = problems({"operation": "infer", "prompt": "x", name: value})
    assert list(found) == [name]
    assert "; give json_schema=" in found[name]
    assert "private: queen.infer(prompt, private=True)" in problems(
        {"operation": "infer_batch", "prompt": "x", "rows": 1, "private": True}
    )["private"]  # fmt: skip
    assert problems({"operation": "hive_list", name: 1}) == {name: "is unknown"}


def test_terms_are_what_is_said() -> None:
    """Nothing said is what is usual; each may be said alone."""
    assert parse_terms() == USUAL
    assert parse_terms("on_stream", "k", RETRIES) == Terms(start="on_stream", key="k", retry=RETRIES)
    assert parse_terms(key="!~") == Terms(key="!~")
    assert parse_terms(tags=["b", "a"], timeout=5) == Terms(tags=("a", "b"), timeout=5.0)
    assert parse_terms(tags="eval").tags == parse_terms(tags={"eval"}).tags == ("eval",)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("start", value) for value in ("later", "", None, 1)),
        *(("key", value) for value in ("", "a b", "é", "x" * 256, "a\n", 7, b"k", ["k"])),
        *(("tags", value) for value in ("", "a,b", ["a", 1], 7, None, [str(n) for n in range(17)])),
        *(("timeout", value) for value in (0, -1, "1", True, float("nan"), 10**10)),
        *(("retry", value) for value in (-1, RETRIES + 1, 0.5, "1", True, None, 10**30)),
    ],
)
def test_a_bad_term_is_named_with_what_it_has_to_be(name: str, value: Any) -> None:
    """One typed error that names it, and does not say back what was given."""
    with pytest.raises(InvalidRequest) as caught:
        parse_terms(**{name: value})
    assert caught.value.what == f"{name} is not what it has to be."
    assert caught.value.why
    assert caught.value.state == "No job was made."
    assert name in caught.value.next
