"""The error tree: four parts, and the same class near and far."""

import pickle
from typing import Any

import pytest

import queenlib.errors
from queenlib.errors import JobCancelled, PromptTooLong, QueenError, UnknownHive, revive


def every() -> list[type[QueenError]]:
    """Every class of the tree."""
    found: list[type[QueenError]] = [QueenError]
    for kind in found:
        found.extend(kind.__subclasses__())
    return found


@pytest.mark.parametrize("kind", every(), ids=lambda kind: kind.__name__)
def test_an_error_comes_back_as_it_was(kind: type[QueenError]) -> None:
    """Through plain data, and through pickle, it is the same class with the same parts and fields."""
    error = kind("It broke.", why="Because.", state="All is kept.", next="jobs.list()", limit=3, known=["a"])
    for again in (revive(error.problem()), pickle.loads(pickle.dumps(error))):
        assert type(again) is kind
        assert again.problem() == error.problem()
        assert str(again) == "It broke. Because. All is kept. jobs.list()"


@pytest.mark.parametrize(
    ("what", "why", "said"),
    [
        ("It died, as asked for", "It ended", "It died, as asked for. It ended. Queen()"),
        ("It died!", "(It ended.)", "It died! (It ended.) Queen()"),
        ("It died: `-11`", 'It said "no"', 'It died: `-11`. It said "no". Queen()'),
        ("It died\n", "", "It died. Queen()"),
        ("", "", "Queen()"),
    ],
)
def test_each_part_is_a_sentence_in_a_line(what: str, why: str, said: str) -> None:
    """Where all is said in one line, a part that has no full stop gets one; what is pasted from its end gets none."""
    assert str(QueenError(what, why=why, next="Queen()")) == said
    assert str(QueenError("")) == ""


def test_the_drawn_tree_is_the_tree() -> None:
    """The drawing at the top of the file names every class, and `__all__` too."""
    names = {kind.__name__ for kind in every() if kind.__module__.startswith("queenlib.errors.")}
    assert queenlib.errors.__doc__ is not None
    assert names - set(queenlib.errors.__doc__.split()) == set()
    assert set(queenlib.errors.__all__) == names | {"revive"}


def test_fields_are_attributes() -> None:
    """A field can be read by its name; one that is not there is an `AttributeError`."""
    error = PromptTooLong("w", prompt_tokens=5, max_tokens=6, context=7)
    assert (error.prompt_tokens, error.max_tokens, error.context, error.job_id) == (5, 6, 7, None)
    with pytest.raises(AttributeError):
        _ = error.nothing


def test_an_error_of_a_later_version_is_still_an_error() -> None:
    """A class that is not known becomes the root, with all it said."""
    error = revive({"kind": "FromTheFuture", "what": "New.", "fields": {"x": 1}})
    assert (type(error), error.what, error.x) == (QueenError, "New.", 1)


def test_the_families_can_be_caught() -> None:
    """Whatever ends a job is a `JobFailed`; what is not there is a `NotFound`; all are `QueenError`s."""
    assert issubclass(JobCancelled, queenlib.errors.JobFailed)
    assert issubclass(UnknownHive, queenlib.errors.NotFound)


def test_one_error_may_end_several_jobs() -> None:
    """To name the job makes another error, with all of the first; the first is nobody's still."""
    error = PromptTooLong("w", why="y", prompt_tokens=5)
    about = [error.about_job(job_id) for job_id in ("job-a", "job-b")]
    assert [each.job_id for each in about] == ["job-a", "job-b"]
    assert error.job_id is None
    assert (type(about[0]), about[0].why, about[0].prompt_tokens) == (PromptTooLong, "y", 5)


@pytest.mark.parametrize(
    "problem",
    [
        {},
        {"kind": None, "what": None, "fields": None},
        {"kind": "NotFound", "what": 3, "fields": ["a"]},
        {"kind": "JobFailed", "what": "w", "fields": {"what": "x", "self": 1, "state": 2, "kind": "y", "args": 3}},
        {"kind": "__class__", "what": "w", "fields": {"__class__": "x", "": 1}},
    ],
)
def test_whatever_comes_over_the_wire_is_an_error(problem: dict[str, Any]) -> None:
    """Data that no queen of ours wrote still becomes an error that can be shown, and sets nothing but fields."""
    error = revive(problem)
    assert isinstance(error, QueenError)
    assert isinstance(str(error), str)
    assert error.what == str(problem.get("what") or "")
    assert error.kind in {"QueenError", "NotFound", "JobFailed"}
