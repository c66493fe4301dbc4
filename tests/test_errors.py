"""The error tree: four parts, and the same class near and far."""

import pickle

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
