"""Where the packages of widgets are not installed: the library works, and what it shows is text."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.outliving import ended
from tests.display.bare import bare
from tests.display.notebook import Notebook, notebook

MAKE = """
from importlib.util import find_spec
from queenlib import default_queen, jobs
queen = default_queen()
def ask(): return queen.infer("x", model="sim:echo?text=forty-two")
print([name for name in ("anywidget", "ipywidgets", "pandas", "jupyterlab") if find_spec(name)])
"""
SHOWN = ["await ask()", "job = ask(); job.wait(); job", "%load_ext queenlib", '%%infer -m "sim:echo?text=forty-two"\nx']


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python without them."""
    return bare(tmp_path_factory.mktemp("bare") / "env")


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, python: Path) -> Iterator[Notebook]:
    """A notebook on it."""
    with notebook(tmp_path_factory.mktemp("home"), "auto", python=str(python)) as made:
        assert made.run(MAKE)[0]["text/plain"].strip() == "[]"
        yield made


def test_a_notebook_shows_text(story: Notebook) -> None:
    """Answers and lists, awaited, at the end of a cell or by a magic; and no view, that nobody could show."""
    for code in SHOWN:
        shown = story.run(code)
        assert story.outcome == "ok"
        assert not [kind for each in shown for kind in each if "widget" in kind]
        assert code.startswith("%load") or any("forty-two" in each["text/plain"] for each in shown)
    for code, word in {"queen": "Queen", "await jobs.list()": "infer", "queen.watch()": "local"}.items():
        shown = story.run(code)
        assert story.outcome == "ok"
        assert any(word in each["text/plain"] for each in shown), (code, shown)


@pytest.mark.parametrize("code", ["import queenlib_widgets", "await job.frame()"])
def test_what_needs_more_says_what(story: Notebook, code: str) -> None:
    """It is not installed, and how to."""
    story.run(f"job = ask(); job.wait()\n{code}")
    assert story.outcome == "MissingExtra"
    (*_, error) = (each["content"] for each in story.messages if each["msg_type"] == "error")
    assert "pip install 'queenlib[notebook]'" in "\n".join(error["traceback"])


def test_a_script_prints(tmp_path: Path, python: Path) -> None:
    """Steps and the answer, as it comes."""
    script = f"{MAKE}ask().show()\nprint('it says', ask().wait().text)"
    with ended(tmp_path):
        command = [str(python), "-c", script]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=90, check=False, env={"QUEENLIB_HOME": str(tmp_path)}
        )
    assert done.returncode == 0, done.stderr
    assert "it says forty-two" in done.stdout
    assert (done.stdout + done.stderr).count("forty-two") > 1
