"""What is wrong with a payload, in words that do not need a manual, and without repeating what was sent."""

import contextlib
import time
from typing import Any

import pytest

from queenlib.errors import InvalidOperation
from queenlib.messages.base import ID_PATTERN
from queenlib.messages.explain import ALLOWED, SHOWN, nearest
from queenlib.messages.parse import LISTED, OPERATIONS, parse_operation


def refused(payload: Any) -> InvalidOperation:
    """The error of a payload."""
    with pytest.raises(InvalidOperation) as caught:
        parse_operation(payload)
    return caught.value


def problem(field: str, **fields: Any) -> str:
    """What is said about one field of an `infer`."""
    found = {each["field"]: each["problem"] for each in refused({"operation": "infer", "prompt": "x", **fields}).problems}
    assert list(found) == [field]
    return found[field]


@pytest.mark.parametrize(
    ("fields", "field", "said"),
    [
        ({"hive_id": "My Hive"}, "hive_id", f"{ALLOWED[ID_PATTERN]}; got 'My Hive'"),
        ({"model": "a\nb"}, "model", "must have no control characters, and no blank first; got 'a\\nb'"),
        ({"model": ""}, "model", "has 0 characters; it needs 1"),
        ({"device": "d" * 65}, "device", "has 65 characters; the limit is 64"),
        ({"top_k": -1}, "top_k", "must be at least 0; got -1"),
        ({"top_p": 0}, "top_p", "must be more than 0; got 0"),
        ({"seed": 2**32}, "seed", "must be at most 4,294,967,294; got 4294967296"),
        ({"max_tokens": 1.5}, "max_tokens", "must be a whole number; got 1.5"),
        ({"max_tokens": "7"}, "max_tokens", "must be a whole number; got '7'"),
        ({"max_tokens": True}, "max_tokens", "must be a whole number; got True"),
        ({"temperature": float("nan")}, "temperature", "must be a finite number; got nan"),
        ({"temperature": "hot"}, "temperature", "must be a number; got 'hot'"),
        ({"stop": "x"}, "stop", "must be a list; got 'x'"),
        ({"stop": ["a"] * 17}, "stop", "has 17 items; the limit is 16"),
        ({"stop": ["a", ""]}, "stop.1", "has 0 characters; it needs 1"),
        ({"json_schema": []}, "json_schema", "must be an object; got []"),
        ({"engine_params": 3}, "engine_params", "must be an object; got 3"),
        ({"engine_params": {"mirostat": 7}}, "engine_params.mirostat", "must be 0, 1 or 2; got 7"),
        ({"engine_params": {"ignore_eos": "no"}}, "engine_params.ignore_eos", "must be true or false; got 'no'"),
        ({"keep_alive": "soon"}, "keep_alive", "must be a number or 'never'; got 'soon'"),
        ({"keep_alive": -1}, "keep_alive", "must be at least 0 or 'never'; got -1"),
        ({"keep_alive": []}, "keep_alive", "must be a number or 'never'; got []"),
        ({"literal['never']": 1}, "literal['never']", "is unknown"),
        ({"promt": 1}, "promt", "is unknown; did you mean 'prompt'?"),
        ({"qqqqqq": 1}, "qqqqqq", "is unknown"),
    ],
)  # fmt: skip
def test_each_kind_of_mistake_has_its_words(fields: dict[str, Any], field: str, said: str) -> None:
    """The field, what is allowed, and what was there."""
    assert problem(field, **fields) == said


def test_a_missing_field_is_missing() -> None:
    """What has to be there and is not is said so, by its own name."""
    assert refused({"operation": "worker_get"}).problems == [{"field": "worker_id", "problem": "is missing"}]
    assert refused({}).problems == [{"field": "operation", "problem": "is missing"}]


def test_every_pattern_has_its_words() -> None:
    """No error shows a regular expression to anybody."""
    for name, operation in OPERATIONS.items():
        schema = operation.model_json_schema()["properties"]
        for field, about in schema.items():
            patterns = [about, *about.get("anyOf", [])]
            for pattern in [each["pattern"] for each in patterns if "pattern" in each]:
                assert pattern in ALLOWED
                said = refused({"operation": name, field: "\x01"}).what
                assert pattern not in said
                assert ALLOWED[pattern] in said


@pytest.mark.parametrize("field", ["prompt", "system", "model", "hive_id", "messages", "stop", "json_schema"])
def test_no_error_repeats_what_is_private(field: str) -> None:
    """Of what somebody wrote, no more than the beginning stands in an error, wherever it was put."""
    secret, said = "canary " * 1000, list[InvalidOperation]()
    for wrong in (secret, [secret], {"role": secret, "content": secret}, [{"role": "user", "content": [secret]}], 7):
        with contextlib.suppress(InvalidOperation):
            parse_operation({"operation": "infer", field: wrong})
            continue
        said.append(refused({"operation": "infer", field: wrong}))
    assert said
    for error in said:
        assert all(len(each["problem"]) < SHOWN + 150 for each in error.problems)
        assert str(error).count("canary") < 20 * len(error.problems)


def test_names_are_shown_in_part_as_well() -> None:
    """A field's name may be anything too."""
    error = refused({"operation": "hive_list", "x" * 100_000: 1})
    assert len(error.what) < 300


def test_very_many_mistakes_are_counted() -> None:
    """A payload of nothing but mistakes is refused soon, with the first of them and the count."""
    begun = time.process_time()
    error = refused({"operation": "infer", "prompt": "x", **{f"promt{n}": 1 for n in range(20_000)}})
    assert time.process_time() - begun < 10
    assert len(error.problems) == LISTED
    assert f"and {20_000 - LISTED:,} more" in error.what
    assert "20,000 fields" in error.why


def test_items_that_do_not_fit_are_not_called_too_few() -> None:
    """A list whose only item is bad has that one mistake."""
    error = refused({"operation": "infer", "messages": [{"role": "bee", "content": "x"}]})
    assert [each["field"] for each in error.problems] == ["messages.0.role"]
    assert "must be 'system', 'user' or 'assistant'; got 'bee'" in error.what


def test_the_nearest_name_is_near() -> None:
    """A hint is given for a slip and not for something else."""
    assert nearest("hive_lst", OPERATIONS) == "; did you mean 'hive_list'?"
    assert nearest("zzz", OPERATIONS) == ""
