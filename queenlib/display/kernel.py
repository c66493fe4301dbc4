"""The notebook's kernel that this process may be; nothing is imported to find out."""

from __future__ import annotations

import os
import sys
from typing import Any

FRONT_ENDS = ("JPY_SESSION_NAME", "VSCODE_PID", "VSCODE_CWD", "COLAB_RELEASE_TAG", "DATASPELL_PROJECT", "POSITRON")
"""Set where somebody sits before a notebook: by Jupyter for a session, by VS Code, Colab and others. A notebook that is run
without anybody before it (nbclient, nbval, papermill) has none of them."""


def shell() -> Any:
    """IPython's shell in this process; `None` where there is none."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None and hasattr(ipython, "get_ipython") else None


def in_kernel() -> bool:
    """Whether this process is an IPython kernel."""
    return getattr(shell(), "kernel", None) is not None


def is_watched() -> bool:
    """Whether somebody may sit before this kernel: it can be asked for input, which nobody is asked for who only runs it."""
    kernel = getattr(shell(), "kernel", None)
    asks = getattr(kernel, "_allow_stdin", None)  # it is private there, so that it may be gone one day
    return bool(asks) if asks is not None else any(os.environ.get(name) for name in FRONT_ENDS)
