"""A notebook in JupyterLab or Notebook 7, driven as a person would."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page

from tests.browser.lab import Lab

WAIT_MS = 60_000.0
PICTURES = Path(__file__).parents[2] / ".cache" / "screenshots"
"""Where pictures are kept."""
PANEL = "window.jupyterapp?.shell.currentWidget"
READY = f"""() => {{
    const panel = {PANEL};
    return panel?.sessionContext?.session?.kernel?.status === 'idle' && panel.content.widgets.length > 0;
}}"""


class Book:
    """A notebook that is open.

    Args:
        page: Where.
        lab: Its server.
        name: Its file.
        cells: What is in it.
        front_end: `lab/tree`, or `notebooks` for Notebook 7.
    """

    def __init__(self, page: Page, lab: Lab, name: str, cells: list[str], front_end: str = "lab/tree") -> None:
        self.page, self._lab, self.name, self._front_end = page, lab, name, front_end
        self.path = lab.books / name
        self.path.write_text(json.dumps(_content(cells)))
        self.open()

    def open(self) -> None:
        """Open it, as one does in the morning."""
        self.page.goto(f"{self.url}?reset")
        self.page.wait_for_function(READY, timeout=WAIT_MS)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"{self._lab.url}/{self._front_end}/{self.name}"

    def reload(self) -> None:
        """Load the page anew; the kernel stays."""
        self.page.reload()
        self.page.wait_for_function(f"() => {PANEL}?.content?.widgets?.length > 0", timeout=WAIT_MS)

    def cell(self, at: int) -> Locator:
        """One cell."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(at)

    def begin(self, at: int) -> None:
        """Press run on a cell."""
        self.page.evaluate("(at) => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = at; }", at)
        self.do("notebook:run-cell")

    def run(self, at: int) -> None:
        """Run a cell to its end."""
        before = self.prompt(at)
        self.begin(at)
        self.page.wait_for_function(
            f"([at, before]) => {{ const text = {PANEL}.content.widgets[at].promptNode?.textContent"
            f" ?? {PANEL}.content.widgets[at].node.querySelector('.jp-InputPrompt').textContent;"
            " return text !== before && !text.includes('*'); }",
            arg=[at, before],
            timeout=WAIT_MS,
        )

    def run_code(self, code: str) -> None:
        """Run something in the kernel that no cell shows."""
        self.page.evaluate(
            f"async (code) => {{ await {PANEL}.sessionContext.session.kernel"
            ".requestExecute({code, store_history: false}, true).done; }",
            code,
        )

    def prompt(self, at: int) -> str:
        """What stands before a cell: `[1]:`, or `[*]:` while it runs."""
        return self.cell(at).locator(".jp-InputPrompt").first.text_content() or ""

    def do(self, command: str, **given: Any) -> None:
        """A command of JupyterLab; returns when it has begun."""
        self.page.evaluate("([command, given]) => { window.jupyterapp.commands.execute(command, given); }", [command, given])

    def wait_for_prompt(self, at: int) -> None:
        """Until a cell has ended."""
        self.page.wait_for_function(
            "(at) => !document.querySelectorAll('.jp-Notebook .jp-Cell')[at]"
            ".querySelector('.jp-InputPrompt').textContent.includes('*')",
            arg=at,
            timeout=WAIT_MS,
        )

    def outputs(self, at: int) -> list[dict[str, Any]]:
        """What a cell shows, as it would be saved."""
        found = self.page.evaluate(f"(at) => {PANEL}.content.widgets[at].model.outputs.toJSON()", at)
        return list(found)

    def restart(self) -> None:
        """Restart the kernel."""
        self.page.evaluate(f"async () => {{ await {PANEL}.sessionContext.session.kernel.restart(); }}")
        self.page.wait_for_function(READY, timeout=WAIT_MS)

    def shut_down(self) -> None:
        """End the kernel."""
        self.page.evaluate(f"async () => {{ await {PANEL}.sessionContext.shutdown(); }}")

    def save(self) -> dict[str, Any]:
        """Save the file; what is in it."""
        self.page.evaluate(f"async () => {{ await {PANEL}.context.save(); }}")
        return dict(json.loads(self.path.read_text()))

    def theme(self, name: str) -> None:
        """`JupyterLab Light` or `JupyterLab Dark`."""
        self.page.evaluate(
            "async (theme) => { await window.jupyterapp.commands.execute('apputils:change-theme', {theme}); }", name
        )

    def picture(self, name: str) -> Path:
        """Take a picture of the page."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        path = PICTURES / f"{name}.png"
        self.page.screenshot(path=path)
        return path


def _content(cells: list[str]) -> dict[str, Any]:
    made: list[dict[str, Any]] = [
        {"cell_type": "code", "id": f"cell-{at}", "metadata": {}, "execution_count": None, "outputs": [], "source": source}
        for at, source in enumerate(cells)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"cells": made, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
