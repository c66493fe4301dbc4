"""A comparison: the sides of the same questions."""

from __future__ import annotations

from pathlib import Path

from queenlib import Queen


async def test_it_says_what_it_compares(tmp_path: Path) -> None:
    """In its repr: the sides and how much there is."""
    with Queen(tmp_path) as queen:
        made = queen.compare("sim:echo", "sim:words", prompts=["x", "y"])
        assert repr(made) == "<Comparison of sim:echo, sim:words: 2 prompts>"
        assert made.prompts == ("x", "y")
        await made
        batches = [queen.infer_batch({"a": ["x"]}, "{a}", model="sim:echo") for _ in range(2)]
        assert repr(queen.compare(*batches, names=["old", "new"])) == "<Comparison of old, new: batches>"


async def test_a_schema_makes_columns_of_it(tmp_path: Path) -> None:
    """Those that a batch alone would have."""
    schema = {"type": "object", "properties": {"stars": {"type": "integer"}}, "required": ["stars"]}
    with Queen(tmp_path) as queen:
        batches = [
            queen.infer_batch({"a": ["x"]}, "{a}", model="sim:words", json_schema=schema, max_tokens=limit)
            for limit in (50, 60)
        ]
        frame = await queen.compare(*batches, names=["old", "new"])
        assert str(frame["new"]["stars"].dtype) == "Int64"
        assert frame["old"]["stars"].tolist() == [0]
