"""Many answers at once in one notebook."""

from __future__ import annotations

import pytest

from tests.browser.book import WAIT_MS
from tests.browser.conftest import Open
from tests.browser.views import BEGIN

STREAMS = 20
ASK = f"""
from IPython.display import display
from queenlib_widgets import InferStream
model = "sim:words?tokens=300&tokens_per_s=50"
worker = await queen.workers.spawn(model, slots={STREAMS})
asked = [queen.infer("x", model=model, worker=worker.id, max_tokens=300) for _ in range({STREAMS})]
for job in asked: display(InferStream(job))
"""
WATCH = """() => {
    window.long = [];
    new PerformanceObserver((list) => window.long.push(...list.getEntries().map((each) => each.duration)))
        .observe({entryTypes: ['longtask']});
}"""
LONGEST_MS = 200


@pytest.mark.full
def test_twenty_streams_stay_smooth(open_book: Open, figures: list[str]) -> None:
    """No output is dropped, no cell stays at `[*]`, and the page is never busy for long."""
    book = open_book(BEGIN, ASK, "texts = [queen.sync.jobs.result(job.id).text for job in asked]; print(len(texts))")
    book.run(0)
    book.run(1)
    book.page.wait_for_function(f"() => document.querySelectorAll('.queen-answer').length === {STREAMS}", timeout=WAIT_MS)
    book.page.evaluate(WATCH)
    book.run(2)
    done = f"() => document.querySelectorAll('.queen-head[data-ended=true]').length === {STREAMS}"
    book.page.wait_for_function(done, timeout=WAIT_MS)
    longest = max([0.0, *book.page.evaluate("() => window.long")])
    shown = book.page.evaluate(
        "() => [...document.querySelectorAll('.queen-answer pre')].map((pre) => pre.textContent.length)"
    )
    assert len(set(shown)) == 1
    assert shown[0] > 1000
    assert book.outputs(2)[0]["text"] == f"{STREAMS}\n"
    figures.append(f"{STREAMS} streams: the longest task of the page took {longest:.0f} ms")
    assert longest <= LONGEST_MS
