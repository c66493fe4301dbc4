"""What a model, a hive or an error says is text, wherever it is shown."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import pytest

from tests.browser.book import WAIT_MS
from tests.browser.conftest import Open
from tests.browser.test_saved import exported
from tests.browser.views import BEGIN, wait_for_text

HOSTILE = """<script>fetch('{canary}/script')</script> <img src=x onerror="fetch('{canary}/img')"> <b>bold</b>
[link](javascript:fetch('{canary}/link')) ![picture]({canary}/picture.png) <iframe src="{canary}/frame"></iframe>
````
```
inside
```
````
\x1b[31mred\x1b[0m \u202eturned <svg onload="fetch('{canary}/svg')"> <a href="{canary}/a">a</a>
"""
ASK = """
said = {said!r}
job = queen.infer(said, model="sim:echo?tokens_per_s=20"); job
"""
OTHERS = """
from IPython.display import display
broken = queen.infer({said!r}, model="sim:echo", hive="local", worker="nowhere")
try: await broken
except Exception: pass
tagged = queen.infer(said, model="sim:echo", tags="<img src=x>"); tagged.wait()
lists = [await queen.jobs.list(), await queen.hives.list(), await queen.models.list()]
reprs = [each for each in (broken, tagged, job, await tagged.snapshot(), *lists) if hasattr(each, "_repr_html_")]
for each in reprs: display({{"text/html": each._repr_html_()}}, raw=True)
print(len(reprs))
"""
TAGS = "script, img, iframe, svg, a[href]"
"""What no output of ours has."""


@pytest.fixture(scope="module")
def canary() -> Iterator[tuple[str, list[str]]]:
    """A page that nobody may ask for anything, and what it was asked for."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        """Notes who asks."""

        def do_GET(self) -> None:
            """Note it."""
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


@pytest.mark.parametrize("front_end", ["lab/tree", "notebooks"])
def test_it_is_shown_as_it_is_written(
    open_book: Open, canary: tuple[str, list[str]], figures: list[str], front_end: str
) -> None:
    """While it comes, when it is done, in tables and errors, and in nbconvert's HTML; and nobody is asked for anything."""
    url, asked = canary
    said = HOSTILE.replace("{canary}", url)
    book = open_book(BEGIN, ASK.format(said=said), OTHERS.format(said=said), front_end=front_end)
    book.run(0)
    book.begin(1)
    book.page.wait_for_selector(".queen-answer pre", state="attached", timeout=WAIT_MS)
    wait_for_text(book, "turned")
    outputs = book.page.locator(".jp-Notebook .jp-OutputArea-output")
    assert outputs.locator(TAGS).count() == 0
    wait_for_text(book, "infer, succeeded")
    book.run(2)
    count = int(book.outputs(2)[-1]["text"])
    shown = book.page.locator(".jp-Notebook").text_content() or ""
    for part in (
        "<script>fetch(",
        "<img src=x onerror=",
        "[link](javascript:",
        "![picture](",
        "\\x1b[31mred",
        "\\u202eturned",
    ):
        assert part in shown
    assert outputs.locator(TAGS).count() == 0
    book.picture(f"hostile-{front_end[:3]}")
    book.save()
    page = exported(book, "html")
    book.page.set_content(page)
    found = book.page.locator(".jp-OutputArea-output")
    assert found.count() > 0
    assert found.locator(TAGS).count() == 0
    assert count > 0
    assert asked == []
    figures.append(f"{front_end}: {count} HTML reprs and a live view were checked; the canary was asked {len(asked)} times")
