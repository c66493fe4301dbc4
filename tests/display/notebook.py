"""A real kernel, driven like a front end: what its cells show, and what is put in its place later."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty
from typing import Any

from tests.client.outliving import ended, until
from tests.flow.kernels import DEADLINE_S, SEEN, Kernel, kernel

PATIENCE_S = 0.2


class Notebook:
    """A notebook whose cells are run one by one."""

    def __init__(self, made: Kernel) -> None:
        self.kernel = made
        self.messages: list[dict[str, Any]] = []
        """All that came, whichever cell it belongs to."""
        self.outcome = ""
        """How the last cell ended: `ok`, or the name of its error."""

    def begin(self, code: str, place: str = "") -> str:
        """Begin a cell; the front end names it `place`."""
        client = self.kernel.client
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
        message = client.session.msg("execute_request", content | {"stop_on_error": False}, metadata={"cellId": place})
        client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def finish(self, cell: str) -> None:
        """Wait until a cell has ended."""
        until(lambda: self.hear() and any(_is_idle(each, cell) for each in self.messages), DEADLINE_S)
        self.outcome = self.kernel.outcome(cell)

    def run(self, code: str, place: str = "") -> list[dict[str, Any]]:
        """Run a cell; what it showed: each output's data by MIME type, text that was printed as `text/plain`."""
        cell = self.begin(code, place)
        self.finish(cell)
        return self.outputs(cell)

    def hear(self) -> bool:
        """Take what has come; of what goes on coming, what comes within a moment."""
        end = time.monotonic() + PATIENCE_S
        with suppress(Empty):
            while (left := end - time.monotonic()) > 0:
                self.messages.append(self.kernel.client.get_iopub_msg(timeout=left))
        return True

    def outputs(self, cell: str) -> list[dict[str, Any]]:
        """What a cell shows now, what was put in its place included."""
        shown: dict[str, dict[str, Any]] = {}
        for at, message in enumerate(self.messages):
            kind, content = message["msg_type"], message["content"]
            name = content.get("transient", {}).get("display_id") or f"output-{at}"
            mine = message["parent_header"].get("msg_id") == cell
            if (kind in ("display_data", "execute_result") and mine) or (kind == "update_display_data" and name in shown):
                shown[name] = content["data"]
            elif kind == "stream" and mine:
                shown[name] = {"text/plain": content["text"]}
        return list(shown.values())

    def printed(self, cell: str) -> str:
        """All that a cell printed."""
        mine = [each for each in self.messages if each["parent_header"].get("msg_id") == cell]
        return "".join(each["content"]["text"] for each in mine if each["msg_type"] == "stream")


def _is_idle(message: dict[str, Any], cell: str) -> bool:
    mine = message["parent_header"].get("msg_id") == cell
    return bool(mine and message["msg_type"] == "status" and message["content"]["execution_state"] == "idle")


@contextmanager
def notebook(home: Path, mode: str, *, python: str = "", **more: str) -> Iterator[Notebook]:
    """A notebook that somebody sits before, on a home; its kernel and its queen are ended in the end.

    Args:
        home: The home.
        mode: How things are shown: `QUEENLIB_DISPLAY`.
        python: Which Python the kernel is; ours if it is empty.
        more: What else is in its environment.
    """
    with ended(home), kernel(home, python, QUEENLIB_DISPLAY=mode, **SEEN, **more) as made:
        yield Notebook(made)
