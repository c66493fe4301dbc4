"""Whether this is a kernel, and whether somebody sits before it."""

from pathlib import Path

from queenlib.display.kernel import in_kernel, is_watched, shell
from tests.flow.kernels import kernel


def test_tests_are_no_notebook() -> None:
    """Here nobody sits before anything."""
    assert shell() is None
    assert not in_kernel()


def test_a_kernel_knows_itself(tmp_path: Path) -> None:
    """In a kernel there is its shell, and it is watched where it may ask for input."""
    ask = "from queenlib.display.kernel import *; k = get_ipython().kernel\n"
    ask += "print(shell() is get_ipython(), in_kernel(), end=' ')\n"
    with kernel(tmp_path) as made:
        assert made.run(ask + "k._allow_stdin = True; print(is_watched())") == "True True True"
        assert made.run(ask + "k._allow_stdin = False; print(is_watched())") == "True True False"
    assert not is_watched()
