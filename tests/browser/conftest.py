"""A browser, a JupyterLab, and notebooks in it. These tests have a run of their own: see `.ci/test`."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from itertools import count

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.book import Book
from tests.browser.lab import Lab, lab

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]

_figures: list[str] = []

Open = Callable[..., Book]


@pytest.fixture
def figures() -> list[str]:
    """Lines with what was measured; they are shown at the end of the run."""
    return _figures


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what was measured."""
    for figure in _figures:
        terminalreporter.write_line(f"· {figure}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The machine's own Chromium."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert program, "there is no Chromium: sh .ci/setup dev"
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield made
        made.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab that all tests share."""
    with lab(tmp_path_factory.mktemp("lab") / "own") as made:
        yield made


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of its own."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


_numbers = count(1)


@pytest.fixture
def open_book(page: Page, server: Lab) -> Iterator[Open]:
    """Opens notebooks made of cells; their kernels are ended in the end."""
    opened: list[Book] = []

    def made(*cells: str, **more: str) -> Book:
        opened.append(Book(page, server, f"book-{next(_numbers)}.ipynb", list(cells), **more))
        return opened[-1]

    yield made
    for book in opened:
        book.shut_down()
