"""The view of an answer."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from queenlib import Queen
from queenlib_widgets import InferStream
from queenlib_widgets.pace import FASTEST_S
from tests.client.outliving import until

SLOW = "sim:words?tokens={tokens}&tokens_per_s=200"


class Recorded(InferStream):
    """A view that remembers what it told the page."""

    def __init__(self, job: Any, *, heard: bool = True) -> None:
        self.sent: list[Any] = []
        self.traits_sent: list[str] = []
        super().__init__(job)
        if heard:
            self._hear(self, {"from": [0, 0]}, [])

    def send(self, content: Any, buffers: Any = None) -> None:
        """As to the page."""
        self.sent.append(content)

    def send_state(self, key: Any = None) -> None:
        """As to the page."""
        self.traits_sent.append(str(key))

    def pieces(self) -> list[list[Any]]:
        """What the page was told of the answer."""
        return [each for each in self.sent if isinstance(each, list)]


def shown(queen: Queen, **more: Any) -> Recorded:
    """A view of an answer, when it is done."""
    view = Recorded(queen.infer("x", **more))
    view.following.result(60)
    return view


def test_the_page_gets_each_character_once(queen: Queen) -> None:
    """The pieces are the text, in few messages; the traits have it in the end, with its facts."""
    view = shown(queen, model=SLOW.format(tokens=100), max_tokens=100)
    text = "".join(piece for _, piece, _ in view.pieces())
    assert text == view.text == view.job.wait().text
    assert [at for at, _, _ in view.pieces()] == [len(text[:at]) for at, _, _ in view.pieces()]
    assert len(view.pieces()) <= 0.5 / FASTEST_S + 3
    assert view.head["state"] == "succeeded"
    assert view.head["facts"][0] == "100 tokens"
    assert view.rendered.startswith("<p>")
    assert view.first_ms is not None
    assert "text" not in view.traits_sent[:-6]


def test_a_message_costs_little_and_twice_the_text_costs_twice(queen: Queen) -> None:
    """What is sent of a text is the text and at most 64 bytes a message; twice the text is twice as much."""
    sizes = []
    for tokens in (200, 400):
        view = shown(queen, model=SLOW.format(tokens=tokens) + "0", max_tokens=tokens)
        for each in view.pieces():
            payload = json.dumps({"method": "custom", "content": each}, ensure_ascii=False)
            assert len(payload.encode()) <= len(json.dumps(each[1])) + 64
        sizes.append(sum(len(each[1]) for each in view.pieces()))
        assert sizes[-1] == len(view.text)


def test_what_a_model_wrote_is_rendered_safely(queen: Queen) -> None:
    """Markdown is rendered when the answer is done; raw HTML and links stay text."""
    view = shown(queen, model="sim:echo?text=" + quote("# <b>a</b>\n\n[x](javascript:1)"))
    assert view.rendered == "<h1>&lt;b&gt;a&lt;/b&gt;</h1>\n<p>[x](javascript:1)</p>\n"


def test_it_can_be_opened_twice_late_and_again(queen: Queen) -> None:
    """A second view of the same job, and one after its end, show the same log; closing one ends nothing."""
    job = queen.infer("x", model=SLOW.format(tokens=60), max_tokens=60)
    first, second = Recorded(job), Recorded(job)
    until(lambda: len(first.text) > 20)
    first.close()
    second.following.result(60)
    late = Recorded(queen.jobs.attach(job.id), heard=False)
    late.following.result(60)
    assert second.text == late.text == job.wait().text
    assert late.head["state"] == "succeeded"


def test_cancel_ends_the_job(queen: Queen) -> None:
    """The button's message, on whatever thread it comes, cancels the job, with proof."""
    view = Recorded(queen.infer("x", model=SLOW.format(tokens=2000), max_tokens=2000))
    until(lambda: len(view.text) > 20)
    view._hear(view, {"cancel": 1}, [])
    assert view.following.result(60).job.state == "cancelled"
    assert view.head["ended"]


def test_nonsense_from_the_page_is_ignored(queen: Queen) -> None:
    """Whatever a page sends, the view goes on."""
    view = Recorded(queen.infer("x", model=SLOW.format(tokens=40), max_tokens=40))
    nonsense: tuple[Any, ...] = ("", None, [], {"from": 3}, {"from": ["a", 0]}, {"from": [-5, 10**9]}, {"other": {}})
    for content in nonsense:
        view._hear(view, content, [])
    view.following.result(60)
    assert view.text == view.job.wait().text


def test_an_attempt_that_was_cut_off_is_cleared(queen: Queen) -> None:
    """When a worker dies under it, what came of that attempt goes; what is shown is that of the last one."""
    view = shown(queen, model=SLOW.format(tokens=30) + "&crash_at_token=10", max_tokens=30, retry=1)
    assert view.sent.count({"clear": 1}) == 1
    events = list(view.job.events())
    begun = max(event.seq for event in events if event.type == "attempt")
    assert view.text == "".join(event.data.text for event in events if event.type == "token" and event.seq > begun)
    assert view.error[0][0] == "what"
