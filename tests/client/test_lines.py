"""From events to whole lines."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from queenlib.client.lines import LineMaker
from queenlib.messages.events import Channel, EndData, EndEvent, Event, Log, LogEvent, TokenData, TokenEvent
from queenlib.messages.state import State

AT = datetime(2026, 1, 1, tzinfo=UTC)


def token(text: str, channel: Channel = "content") -> Event:
    """A piece of an answer."""
    data = TokenData(i=0, text=text, cuts=(len(text),), dt_ms=(1.0,), channel=channel)
    return TokenEvent(job_id="job-a", seq=1, at=AT, data=data)


END = EndEvent(job_id="job-a", seq=9, at=AT, data=EndData(state=State.SUCCEEDED))


@given(st.lists(st.text(alphabet="ab\n", max_size=5), max_size=10))
def test_lines_do_not_depend_on_how_the_answer_was_cut(pieces: list[str]) -> None:
    """However an answer comes, its lines are those of its whole text, and the end is a line of its own."""
    maker = LineMaker()
    lines = [line for event in [*map(token, pieces), END] for line in maker.feed(event)]
    whole = "".join(pieces)
    assert lines == [*whole.split("\n")[:-1], *([whole.split("\n")[-1]] if whole.split("\n")[-1] else []), "· succeeded"]


def test_a_line_for_people_ends_a_line_of_the_answer() -> None:
    """What is not the answer never lands inside a line of it."""
    maker = LineMaker()
    log = LogEvent(job_id="job-a", seq=2, at=AT, data=Log(text="hm"))
    assert [line for event in (token("half"), log, token("rest\n")) for line in maker.feed(event)] == ["half", "hm", "rest"]


def test_thoughts_and_the_answer_are_lines_of_their_own() -> None:
    """Where the thoughts end and the answer begins, a line ends."""
    maker = LineMaker()
    events = (token("hm", "reasoning"), token(" so", "reasoning"), token("Ye"), token("s"), END)
    assert [line for event in events for line in maker.feed(event)] == ["hm so", "Yes", "· succeeded"]
