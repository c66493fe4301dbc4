"""What has to hold in the simulated world, whatever happens in it."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import pairwise

from queenlib.messages.base import Recovery
from queenlib.messages.events import EndEvent, Event, StateEvent, TokenEvent
from queenlib.messages.job import JobRecord
from queenlib.messages.parse import parse_operation
from queenlib.messages.state import State
from queenlib.registry.fold import fold
from tests.world.clock import Date
from tests.world.disk import Disk
from tests.world.people import People, Wish
from tests.world.queen import RETENTION
from tests.world.works import DEATHS, Works, number_of

NATURAL = {
    "quick": {(State.SUCCEEDED, "")},
    "streaming": {(State.SUCCEEDED, "")},
    "waiting": {(State.SUCCEEDED, "")},
    "clinging": {(State.SUCCEEDED, "")},
    "forever": set[tuple[State, str]](),
    "failing": {(State.FAILED, "unknown_model")},
    "dying": {(State.FAILED, "worker_died")},
}
"""How each kind of work ends if it is let."""


class Judge:
    """Compares what is kept with what was done and told."""

    def __init__(self, disk: Disk, works: Works, people: People, date: Date) -> None:
        self._disk, self._works, self._people, self._date = disk, works, people, date
        self._folded: dict[str, JobRecord] = {}

    def step(self) -> None:
        """What holds at every moment."""
        disk = self._disk
        for job_id in disk.made:
            self._check_log(job_id)
        assert all(before <= after for before, after in pairwise(disk.writers)), "an older queen wrote after a newer one"
        assert disk.memory.created == len(disk.made) == len(disk.memory.jobs) + len(disk.removed)
        numbers = Counter(self._number(job_id) for job_id in disk.memory.jobs)
        assert all(count == 1 for count in numbers.values()), f"made more than once: {numbers}"
        assert numbers.keys() <= {wish.number for wish in self._people.wishes if not wish.refused}
        for wish in self._people.wishes:
            self._check_wish(wish)
        assert not self._works.troubles, self._works.troubles

    def end(self) -> None:
        """What holds when the faults have stopped and a while has passed."""
        assert all(task.done() for task in self._people.tasks), "somebody waits for ever"
        wishes = {wish.number: wish for wish in self._people.wishes}
        for job_id in self._disk.made:
            log, wish = self._disk.log(job_id), wishes[self._number(job_id)]
            assert isinstance(log[-1], EndEvent), f"{job_id} has not ended: {self._folded[job_id]}"
            self._check_end(wish, job_id, log)
            for view in (view for view in wish.views if view.job_id == job_id):
                assert view.lines == [event.line for event in log[view.after : view.after + len(view.lines)]]
                assert view.over == "gone" or view.after + len(view.lines) == len(log)
        for wish in self._people.wishes:
            assert wish.id or wish.refused or wish.terms.key is None, f"number {wish.number} was never answered"

    def expired(self) -> None:
        """What holds when retention has had its time: reads are gone, and nothing else is."""
        for wish in self._people.wishes:
            if wish.id is not None:
                reads, gone = wish.operation.recovery is Recovery.READ, wish.id in self._disk.removed
                assert gone if reads or wish.deleted else not gone or wish.deleting

    def _number(self, job_id: str) -> int:
        return number_of(parse_operation(self._disk.made[job_id].request))

    def _check_log(self, job_id: str) -> None:
        """The numbers are dense, the end is last, and the record is the fold of the log."""
        log, record = self._disk.log(job_id), self._folded.get(job_id, self._disk.made[job_id])
        assert record.last_seq <= len(log), f"{job_id}: something was taken back"
        for event in log[record.last_seq :]:
            assert event.seq == record.last_seq + 1
            assert not record.state.ended, f"{job_id}: {event} after its end"
            record = fold(record, event)
        self._folded[job_id] = record
        if kept := self._disk.memory.jobs.get(job_id):
            assert record == kept.record
        else:
            assert record.state.ended, f"{job_id} was removed before its end"

    def _check_wish(self, wish: Wish) -> None:
        """What somebody was told is kept, and nothing was done more often than was agreed."""
        if wish.operation.recovery is Recovery.ONCE:
            assert self._works.generated[wish.number] <= 1 + wish.terms.retry, f"{wish.number} was generated too often"
        if wish.id is None:
            return
        there = wish.id in self._disk.memory.jobs
        assert there or wish.id in self._disk.removed, f"{wish.id} was acknowledged, and is not kept"
        assert not (there and wish.deleted), f"{wish.id} was said to be deleted"
        if not there and not wish.deleting:
            assert wish.operation.recovery is Recovery.READ, f"{wish.id} was removed, and nobody had said so"
            assert self._date.latest - self._disk.removed[wish.id][-1].at >= timedelta(seconds=RETENTION.reads_s or 0.0)
        if there and wish.cancelled is not None and wish.cancelled.id == wish.id:
            kept, told = self._disk.memory.jobs[wish.id].record, wish.cancelled
            assert (kept.state, kept.last_seq) == (told.state, told.last_seq), f"{kept}, and not {told}"

    def _check_end(self, wish: Wish, job_id: str, log: list[Event]) -> None:
        """A job has ended in a way that its story allows."""
        last, record = log[-1].data, self._folded[job_id]
        ends = NATURAL[wish.kind] | {(State.FAILED, "timeout"), (State.FAILED, "queen_closed")}
        if wish.kind == "dying" and self._works.generated[wish.number] > DEATHS:
            ends = ends | {(State.SUCCEEDED, "")}
        if wish.kind == "failing" and wish.operation.recovery is Recovery.CONVERGE and record.attempt > 1:
            ends = ends | {(State.SUCCEEDED, "")}
        if wish.cancelling:
            ends = ends | {(State.CANCELLED, "cancel")}
        stopped = any(isinstance(event, StateEvent) and event.data.state is State.CANCELLING for event in log)
        if self._disk.memory.epoch > self._disk.made[job_id].epoch and (wish.operation.recovery is Recovery.ONCE or stopped):
            ends = ends | {(State.LOST, "queen_died")}
        assert (last.state, last.reason) in ends, f"{wish} ended as {last}"
        if wish.operation.forgets:
            assert not any(isinstance(event, TokenEvent) or b"the answer" in event.line for event in log)
            assert record.request["prompt"] == "(private)"
