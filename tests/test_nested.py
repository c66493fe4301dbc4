"""`asyncio.run` in a cell."""

from pathlib import Path

from tests.flow.kernels import kernel

PASTED = """
import asyncio
async def main():
    await asyncio.sleep(0)
    return 42
print(asyncio.run(main()))
"""


def test_a_pasted_script_runs_and_later_cells_too(tmp_path: Path) -> None:
    """Without it the cell fails; with it, asked twice, it runs, and so does what comes after, queenlib's own included."""
    with kernel(tmp_path) as made:
        assert made.run(PASTED) == "RuntimeError"
        made.run("import queenlib; queenlib.allow_nested_run(); queenlib.allow_nested_run()")
        assert made.run(PASTED) == "42"
        assert made.run(PASTED) == "42"
        assert made.run("print((await queenlib.Queen().infer('x', model='sim:echo?text=hi')).text)") == "hi"
        assert made.run("await asyncio.sleep(0.01); print('on')") == "on"
