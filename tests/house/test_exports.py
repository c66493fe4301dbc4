"""The public face: small, sorted, and light to import."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import queenlib

HEAVY = [
    "IPython", "anywidget", "fastapi", "httpx", "httpx2", "ipywidgets", "matplotlib", "numpy", "pandas", "psutil",
    "pyarrow", "rich", "starlette", "typer", "uvicorn", "xllamacpp",
]  # fmt: skip
MOST_NAMES = 25


def fresh(code: str) -> Any:
    """What a fresh Python process prints, read as JSON."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_import_is_light() -> None:
    """Importing queenlib imports no library for tables, notebooks, the web or inference."""
    loaded = fresh("import queenlib, sys, json; print(json.dumps(sorted(sys.modules)))")
    assert "queenlib" in loaded
    assert [heavy for heavy in HEAVY if heavy in loaded] == []


def test_all_is_sorted() -> None:
    """`__all__` is there, sorted, without doubles, and small enough to read at a glance."""
    assert queenlib.__all__, "the face is empty"
    assert list(queenlib.__all__) == sorted(set(queenlib.__all__))
    assert len(queenlib.__all__) <= MOST_NAMES


def test_all_resolves() -> None:
    """Every name of `__all__` is something, also when it is the first thing asked for in a fresh process."""
    code = "import queenlib, json; print(json.dumps([str(getattr(queenlib, name)) for name in {order}]))"
    for order in ("queenlib.__all__", "reversed(queenlib.__all__)"):
        assert len(fresh(code.format(order=order))) == len(queenlib.__all__)


def test_all_is_complete() -> None:
    """`dir()` shows exactly the public names of `__all__`, before anything was asked for."""
    shown = fresh("import queenlib; names = dir(queenlib); import json; print(json.dumps(names))")
    assert set(shown) >= set(queenlib.__all__)
    assert {entry for entry in shown if not entry.startswith("_")} <= set(queenlib.__all__)


def test_unknown_name_is_refused() -> None:
    """A name that the face does not have is an `AttributeError` that names it."""
    code = "import queenlib, json\ntry: queenlib.no_such_name\nexcept AttributeError as error: print(json.dumps(str(error)))"
    assert "no_such_name" in fresh(code)
