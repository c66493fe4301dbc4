"""Values with a way of their own of being shown."""

from pathlib import Path

from tests.display.notebook import notebook

ASK = """
from queenlib.display.ways import shown_by
class Value: pass
value, other = Value(), Value()
shown_by(value, lambda: print("my way") or {done})
{last}
"""


def test_a_value_is_shown_in_its_way(tmp_path: Path) -> None:
    """Only that very value, only in that cell, and only if the way could."""
    with notebook(tmp_path, "live") as made:
        assert [each["text/plain"] for each in made.run(ASK.format(done=True, last="value"))] == ["my way\n"]
        assert "Value at" in made.run("value")[0]["text/plain"]
        assert "Value at" in made.run(ASK.format(done=True, last="other"))[0]["text/plain"]
        could_not = made.run(ASK.format(done=False, last="value"))
        assert could_not[0]["text/plain"] == "my way\n"
        assert "Value at" in could_not[1]["text/plain"]
