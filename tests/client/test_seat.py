"""One queen to a home: whoever else opens it is a client of hers, and takes the home over when she dies."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from queenlib import Queen, errors
from queenlib.client.reign import Rule
from queenlib.client.seat import Seat
from queenlib.home import Home
from queenlib.messages.events import EndEvent, Event, TokenEvent
from queenlib.messages.hive import HiveList
from queenlib.messages.state import State
from queenlib.world import World
from tests.client.others import other
from tests.faults.reigns import Reign, begin, end

Held = Callable[[Path], AbstractContextManager[int]]
LONG = "sim:words?tokens=100000&tokens_per_s=50"


class Quick(World):
    """A world in which nobody waits long before looking again."""

    async def sleep(self, seconds: float) -> None:
        """For a moment."""
        await super().sleep(min(seconds, 0.02))


@contextmanager
def held_here(home: Path) -> Iterator[int]:
    """The home is another queen's, in this process; gives how many jobs she has."""
    with Queen(home) as first:
        assert (repr(first), first.url) == ("<Queen in this process>", None)
        first.hives.list().wait(30)
        yield 1


@contextmanager
def held_elsewhere(home: Path) -> Iterator[int]:
    """The home is another process's."""
    with other(home) as first:
        assert first.ask("who") == "<Queen in this process>"
        first.ask("answer", first.ask("infer", "sim:echo"))
        yield 1


def until(true: Callable[[], object]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def is_whole(log: list[Event]) -> bool:
    """Whether a log is dense and has its one end, which is last."""
    dense = [event.seq for event in log] == list(range(1, len(log) + 1))
    return dense and [event for event in log if isinstance(event, EndEvent)] == log[-1:]


@pytest.mark.parametrize("held", [held_here, held_elsewhere])
async def test_the_second_is_a_client_of_the_first(
    held: Callable[[Path], AbstractContextManager[int]], tmp_path: Path
) -> None:
    """It says so, sees the same jobs, and creates, streams, cancels and infers; closing it leaves the first one's jobs."""
    with held(tmp_path) as there:
        second = Queen(tmp_path)
        assert second.url is not None
        whose = "this" if held is held_here else "another"
        assert repr(second) == f"<Queen of {whose} process, at {second.url}>"
        assert len((await second.jobs.list()).jobs) == there
        assert (await second.infer("x", model="sim:echo?text=hello")).text == "hello"
        job = second.infer("x", model=LONG)
        async for event in second.jobs.stream(job.id):
            if isinstance(event, TokenEvent):
                break
        assert (await job.cancel()).state is State.CANCELLED
        goes_on = second.infer("x", model=LONG)
        next(event for event in goes_on if isinstance(event, TokenEvent))
        second.close()
        assert second.closed
        with Queen(tmp_path) as third:
            assert third.url is not None
            assert third.sync.jobs.get(goes_on.id).state is State.RUNNING
            third.sync.jobs.cancel(goes_on.id)


def test_a_client_takes_over_when_the_queen_is_killed(tmp_path: Path) -> None:
    """Its streams go on, dense and as the log is, to their ends: another attempt, or lost; what was queued runs unasked."""
    with other(tmp_path, running=2) as first, Queen(tmp_path, world=Quick()) as second, ThreadPoolExecutor() as threads:
        again, lost, queued = first.ask("infer", LONG, 1), first.ask("infer", LONG), first.ask("infer", "sim:echo")
        heard: dict[str, list[Event]] = {again: [], lost: []}

        def follow(job_id: str) -> None:
            for event in second.sync.jobs.stream(job_id):
                heard[job_id].append(event)
                if isinstance(event, TokenEvent) and "attempt" in {each.type for each in heard[job_id]}:
                    second.sync.jobs.cancel(job_id)

        following = [threads.submit(follow, job_id) for job_id in heard]
        until(lambda: all(sum(isinstance(event, TokenEvent) for event in log) > 5 for log in heard.values()))
        first.signal(signal.SIGKILL)
        until(lambda: second.url is None)
        assert repr(second) == "<Queen in this process>"
        for each in following:
            each.result(60)
        for job_id, log in heard.items():
            assert is_whole(log)
            assert [event.line for event in log] == [event.line for event in second.sync.jobs.stream(job_id)]
        assert [str(heard[job_id][-1].data.state) for job_id in heard] == ["cancelled", "lost"]
        assert [event.data.n for event in heard[again] if event.type == "attempt"] == [2]
        until(lambda: second.sync.jobs.get(queued).state is State.SUCCEEDED)


def test_each_create_under_way_is_made_once(tmp_path: Path) -> None:
    """Whoever creates jobs one after the other while the queen is killed gets each of them, and there are no more."""
    with other(tmp_path) as first, Queen(tmp_path, world=Quick()) as second:
        made: list[str] = []

        def create() -> None:
            while len(made) < 40 or second.url is not None:
                made.append(second.sync.jobs.create(HiveList()).id)

        with ThreadPoolExecutor() as threads:
            creating = [threads.submit(create) for _ in range(2)]
            until(lambda: len(made) > 10)
            first.signal(signal.SIGKILL)
            for each in creating:
                each.result(60)
        assert len(set(made)) == len(made)
        listed = {record.id for record in second.sync.jobs._records(reads=True)}
        assert listed == set(made)


async def test_a_create_whose_queen_dies_before_she_answers_is_made_once(tmp_path: Path) -> None:
    """The job is in the store and nobody was told: the same call, asked again of the next queen, gives that job."""
    first = await begin(tmp_path, ("tests.faults.doomed", str(tmp_path), "--later", "created:1"))
    assert isinstance(first, Reign)
    with Queen(tmp_path, world=Quick()) as second:
        assert second.url is not None
        first.arm()
        job = await second.jobs.create(HiveList())
        assert repr(second) == "<Queen in this process>"
        assert (await end(tmp_path, first.process, first.mark, first.url)).point == "created"
        assert [record.id for record in (await second.jobs.list()).jobs] == [job.id]


def test_of_three_one_takes_over_and_the_other_joins_it(tmp_path: Path) -> None:
    """After the queen's death there is one again, and each of them has all jobs."""
    with other(tmp_path) as first, other(tmp_path) as second, Queen(tmp_path) as third:
        old = first.ask("answer", first.ask("infer", "sim:echo?text=old"))
        first.signal(signal.SIGKILL)
        jobs = [second.ask("infer", "sim:echo?text=two"), third.infer("x", model="sim:echo?text=three").id]
        assert (old, second.ask("answer", jobs[1]), third.sync.jobs.result(jobs[0]).text) == ("old", "three", "two")
        who = sorted([second.ask("who"), repr(third)])
        assert who[0] == "<Queen in this process>"
        assert who[1].startswith("<Queen of another process, at http://127.0.0.1:")
        assert second.ask("jobs") == [record.id for record in third.sync.jobs.list().jobs]


@pytest.mark.parametrize("times", [3, pytest.param(20, marks=pytest.mark.full)])
def test_of_two_who_open_a_home_at_once_one_has_it(times: int, tmp_path: Path) -> None:
    """A home that nobody had before: one is its queen and the other her client, and both work."""
    with other() as one, other() as two:
        for n in range(times):
            for each in (one, two):
                each.tell("take", str(tmp_path / str(n)))
            assert sorted(who.startswith("<Queen of another") for who in (one.hear(), two.hear())) == [False, True]
            jobs = [each.ask("infer", "sim:echo?text=x") for each in (one, two)]
            assert [one.ask("answer", jobs[1]), two.ask("answer", jobs[0])] == ["x", "x"]
            for each in (one, two):
                each.ask("close")


def test_a_queen_who_is_closed_hands_over(tmp_path: Path) -> None:
    """Her jobs end and say so, and none of a client's calls fails meanwhile: the client is the queen then."""
    with other(tmp_path) as first, Queen(tmp_path) as second, ThreadPoolExecutor() as threads:
        job = second.infer("x", model=LONG)
        next(event for event in job if isinstance(event, TokenEvent))
        following = threads.submit(list, job)
        made: list[str] = []

        def create() -> None:
            while second.url is not None or len(made) < 20:
                made.append(second.sync.jobs.create(HiveList()).id)
                assert second.sync.jobs.get(job.id).id == job.id

        creating = threads.submit(create)
        until(lambda: made)
        first.ask("close")
        creating.result(60)
        end = following.result(60)[-1]
        assert isinstance(end, EndEvent)
        assert (end.data.state, end.data.reason) == (State.FAILED, "queen_closed")
        assert len(set(made)) == len(made)
        assert second.infer("x", model="sim:echo?text=mine").wait(60).text == "mine"


async def test_a_queen_who_does_not_answer_is_told(tmp_path: Path) -> None:
    """One who stands still keeps her home: whoever opens it gets a typed error of four parts in time, and joins later."""
    with other(tmp_path) as first:
        until(Home(tmp_path).address_file.exists)
        first.signal(signal.SIGSTOP)
        with pytest.raises(errors.HomeTaken) as caught:
            await Seat.take(Home.open(tmp_path), World(), Rule(), join_s=0.3)
        assert all((caught.value.what, caught.value.why, caught.value.state, caught.value.next))
        assert str(first.process.pid) in caught.value.why
        assert caught.value.path == str(tmp_path)
        first.signal(signal.SIGCONT)
        seat = await Seat.take(Home.open(tmp_path), World(), Rule())
        assert seat.joined is not None
        await seat.close()


def test_several_jobs_are_followed_from_one_queen_to_the_next(tmp_path: Path) -> None:
    """On one line: when she is killed, each goes on with the next queen, dense, to its end; and near from then on."""
    with other(tmp_path, running=2) as first, Queen(tmp_path, world=Quick()) as second:
        ids = [first.ask("infer", LONG) for _ in range(2)]
        heard: dict[str, list[Event]] = {job_id: [] for job_id in ids}
        killed = False
        for event in second.sync.jobs.follow(ids):
            heard[event.job_id].append(event)
            if not killed and all(len(log) > 8 for log in heard.values()):
                killed = True
                first.signal(signal.SIGKILL)
        for log in heard.values():
            assert is_whole(log)
            assert log[-1].data.state is State.LOST
        assert list(second.sync.jobs.follow(ids[:1])) == heard[ids[0]]
