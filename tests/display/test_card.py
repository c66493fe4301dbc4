"""The picture of a job."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from queenlib.display.card import JOB_TYPE, card
from queenlib.messages.events import Log, Progress
from queenlib.messages.job import JobRecord
from queenlib.messages.snapshot import Snapshot
from queenlib.messages.state import State
from tests.display.making import HOSTILE, failed, snapshot

HARMLESS = {
    "details",
    "div",
    "summary",
    "table",
    "caption",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "ul",
    "ol",
    "li",
    "p",
    "br",
    "hr",
} | {*("pre", "code", "blockquote", "strong", "em", "h1", "h2", "h3", "h4", "h5", "h6")}
ATTRIBUTES = {"align", "open", "scope", "class", "start"}
TIMINGS = {"tokens_per_s": 41.234, "ttft_ms": 87.0}
RESULT = {"text": "hello", "usage": {"completion_tokens": 1200}, "finish_reason": "stop", "timings": TIMINGS}


class Tags(HTMLParser):
    """The tags of a page, and what their attributes are."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, Any]]) -> None:
        """Note it."""
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


@given(
    st.text() | st.lists(st.sampled_from([*HOSTILE.split("\n"), "# a", "> ", "| a |", "|--|", "<b>", "* "])).map("\n".join)
)
def test_what_others_wrote_is_text(said: str) -> None:
    """Whatever a model or a hive says, the HTML has harmless tags alone, and nothing that steers a terminal."""
    for each in (snapshot(text=said, reasoning=said), snapshot(State.SUCCEEDED, said), failed(said, said)):
        page = Tags(card(each)["text/html"])
        assert page.tags <= HARMLESS
        assert page.attributes <= ATTRIBUTES
        assert "\x1b" not in card(each)["text/plain"]


def test_a_finished_answer_has_its_facts() -> None:
    """State, tokens, rate, first token, why it ended; the answer in all forms; and the record as data."""
    shown = card(snapshot(State.SUCCEEDED, "# hello", result=RESULT))
    for form in ("text/plain", "text/html"):
        assert "infer, succeeded, 1,200 tokens, 41.2 tokens/s, first token after 87 ms, ended by stop" in shown[form]
    assert "<h1>hello</h1>" in shown["text/html"]
    assert "```text\n# hello\n```" in shown["text/markdown"]
    assert JobRecord.model_validate(json.loads(json.dumps(shown[JOB_TYPE]["job"])), strict=False).result == RESULT


def test_an_answer_is_found_in_the_result_too() -> None:
    """A record that somebody has, without a look at its log, shows the answer."""
    assert "<p>hello</p>" in card(Snapshot(job=snapshot(State.SUCCEEDED, result=RESULT).job))["text/html"]


def test_what_differs_from_run_to_run_can_be_left_out() -> None:
    """Stable pictures have no id, no time, no rate, and no data."""
    shown = card(snapshot(State.SUCCEEDED, "hello", result=RESULT), stable=True)
    assert shown["text/plain"] == "<Job: infer, succeeded, 1,200 tokens, ended by stop>\nhello"
    assert JOB_TYPE not in shown
    assert "job-1" not in json.dumps(shown)


def test_an_error_is_shown_in_its_four_parts() -> None:
    """What, why, state, next; and the answer so far."""
    shown = card(failed("It broke.", "so far"))["text/html"]
    for part in ("what", "why", "state", "next"):
        assert f'<td><div align="left">{part}</div></td><td><div align="left">It broke.</div></td>' in shown
    assert "so far" in shown
    assert card(failed("It\nbroke."))["text/plain"].splitlines()[1:] == [
        "It\\nbroke.",
        *(f"{part}: It\\nbroke." for part in ("why", "state", "next")),
    ]


def test_what_is_under_way_is_listed() -> None:
    """Steps and lines of an unfinished job, and how to come back to it."""
    under = [Progress(what="download", done=10**6, total=10**7, unit="bytes")]
    shown = card(snapshot(progress=under, lines=[Log(text="loading")]))["text/html"]
    assert "<li>download: 1.0 MB of 10.0 MB</li><li>loading</li>" in shown
    assert "jobs.attach(&quot;job-1&quot;)" in shown


def test_a_long_answer_is_saved_in_little_room() -> None:
    """All forms of 2,000 tokens together are at most 3.5 times the text and 4 KB."""
    text = " ".join(f"word{number}" for number in range(2000))
    size = len(json.dumps(card(snapshot(State.SUCCEEDED, text, result=RESULT | {"text": text}))))
    assert size <= 3.5 * len(text) + 4096
