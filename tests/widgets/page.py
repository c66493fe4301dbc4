"""What the page runs, run without a page: by the JavaScript engine that comes with the browser of the tests."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import playwright

from queenlib_widgets.sources import module

NODE = Path(playwright.__file__).parent / "driver" / "node"
LIMIT_S = 30


def page(modules: tuple[str, ...], code: str, *given: Any) -> Any:
    """What a function of JavaScript gives.

    Args:
        modules: Of ours, whose names it may use.
        code: The function; it may be `async`.
        given: What it is called with.
    """
    source = f"{module(*modules)}\nconsole.log(JSON.stringify(await ({code})(...{json.dumps(given)})));"
    ran = subprocess.run([NODE, "--input-type=module", "-"], input=source, capture_output=True, text=True, timeout=LIMIT_S)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)
