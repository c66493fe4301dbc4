"""What the page runs."""

import re

import pytest

from queenlib_widgets.sources import module, style

VIEWS = {
    "infer_stream": ("common", "infer_stream"),
    "job_view": ("common", "job_view"),
    "hive_table": ("common", "table", "hive_table"),
    "job_table": ("common", "table", "job_table"),
    "queen_view": ("common", "table", "queen_view"),
}
MOST = 16_000
"""Characters of one view's module: it is sent with each view."""


@pytest.mark.parametrize("view", VIEWS)
def test_a_module_stands_alone(view: str) -> None:
    """It imports nothing, fetches nothing, writes no HTML into the page, and is small."""
    made = module(*VIEWS[view])
    for banned in ("import ", "fetch(", "http:", "https:", "innerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert banned not in made
    assert made.count("export default") == 1
    assert len(made) <= MOST


def test_the_style_is_ours_alone() -> None:
    """Every rule is bound to our own classes, and nothing is loaded."""
    bare = re.sub(r"/\*.*?\*/|@keyframes.*", "", style(), flags=re.DOTALL)
    heads = re.findall(r"([^{}]+)\{", bare)
    selectors = [one for head in heads if not head.strip().startswith("@") for one in head.split(",")]
    assert selectors
    assert not [one for one in selectors if one.count(".queen-") + one.count(".queen-view ") < 1 or ".queen-view" not in one]
    assert "url(" not in style()
    assert "@import" not in style()
