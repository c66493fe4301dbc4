"""Where a generation goes, and why: a pure function."""

from dataclasses import dataclass

from queenlib.hives.scheduler import Wish, choose
from queenlib.messages.worker import WorkerState


@dataclass(frozen=True)
class Seen:
    """A worker as the scheduler sees it."""

    id: str
    model: str = "m"
    device: str = "cpu"
    state: WorkerState = WorkerState.READY
    embeds: bool = False


def test_a_worker_that_fits_is_used() -> None:
    """Of several workers those are used that serve the model and take something, loading ones included."""
    workers = [
        Seen("a"), Seen("b", model="other"), Seen("c", state=WorkerState.LOADING), Seen("d", state=WorkerState.FAILED),
        Seen("e", state=WorkerState.DRAINING), Seen("f", state=WorkerState.BUSY),
    ]  # fmt: skip
    choice = choose(workers, Wish("m"))
    assert (choice.action, choice.worker_ids) == ("use", ("a", "c", "f"))
    assert choice.reasons == (
        "a: can take it", "b: it serves other", "c: can take it", "d: it is failed", "e: it is draining", "f: can take it",
    )  # fmt: skip


def test_without_one_that_fits_a_new_one_is_started() -> None:
    """No worker, or none on the device that was asked for: one is started."""
    assert choose([], Wish("m")).action == "spawn"
    assert choose([Seen("a")], Wish("m", device="cuda:0")) == choose([Seen("a")], Wish("m", device="cuda:0"))
    assert choose([Seen("a")], Wish("m", device="cuda:0")).action == "spawn"


def test_a_named_worker_is_taken_or_the_wish_is_refused() -> None:
    """A worker that was named is never replaced by another."""
    assert choose([Seen("a"), Seen("b")], Wish("m", worker_id="b")).worker_ids == ("b",)
    refused = choose([Seen("a"), Seen("b", model="other")], Wish("m", worker_id="b"))
    assert (refused.action, refused.reasons) == ("refuse", ("a: another worker was asked for", "b: it serves other"))
    assert choose([], Wish("m", worker_id="z")).reasons == ("z: there is no such worker",)


def test_vectors_and_answers_are_made_apart() -> None:
    """A worker that makes the one is not asked for the other, and says why."""
    workers = [Seen("a"), Seen("v", embeds=True)]
    assert choose(workers, Wish("m")).worker_ids == ("a",)
    vectors = choose(workers, Wish("m", embeds=True))
    assert vectors.worker_ids == ("v",)
    assert vectors.reasons == ("a: it makes answers, and no vectors of texts", "v: can take it")
    assert choose(workers[:1], Wish("m", embeds=True)).action == "spawn"
    assert choose(workers, Wish("m", worker_id="v")).reasons[1] == "v: it makes vectors of texts, and no answers"
