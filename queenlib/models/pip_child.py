"""What runs in the process that is pip here: pip, and a watch that ends it with the process that started it.

Run by its path, with the standard library alone: `python -P pip_child.py ARGUMENTS OF PIP`. It has a process group of its
own, and its standard input is a pipe that nothing is written to: where that closes, its starter has ended.
"""

from __future__ import annotations

import importlib.util
import os
import runpy
import signal
import sys
import threading
from contextlib import suppress

NO_PIP = 86
"""The exit code that says that this Python has no pip."""


def _end_with_starter() -> None:
    with suppress(OSError):
        while os.read(0, 1024):
            pass
    if sys.platform != "win32":
        with suppress(OSError):
            os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)


def main() -> None:
    """Run pip with the arguments of this program."""
    if importlib.util.find_spec("pip") is None:
        sys.exit(NO_PIP)
    threading.Thread(target=_end_with_starter, daemon=True).start()
    runpy.run_module("pip", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
