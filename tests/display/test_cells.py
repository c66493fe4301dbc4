"""What cells have made, wait for and show."""

from pathlib import Path

from queenlib.display.cells import KEPT, current_run
from tests.flow.kernels import kernel

ASK = """
import threading
from queenlib.display import cells
run = cells.current_run()
print(run is cells.current_run(), len(cells._runs), end=" ")
thread = threading.Thread(target=lambda: print(cells.current_run()))
thread.start(); thread.join()
"""


def test_outside_of_a_kernel_there_is_no_cell() -> None:
    """Nothing is noted there."""
    assert current_run() is None


def test_each_run_of_a_cell_is_one(tmp_path: Path) -> None:
    """The same within a cell, another in the next, none on other threads; only the newest are remembered."""
    with kernel(tmp_path) as made:
        assert made.run(ASK) == "True 1 None"
        assert made.run(ASK) == "True 2 None"
        for _ in range(KEPT):
            last = made.run(ASK)
        assert last == f"True {KEPT} None"
