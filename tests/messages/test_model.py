"""Models, as they are told of."""

from queenlib.messages.model import ModelInfo, ModelListing

HERE = ModelInfo(name="tiny", source="file:/m.gguf", present=True, size=98_362_432, about="A <b>small</b> one.")


def test_a_list_of_models_is_a_table() -> None:
    """Which there are, whether their bytes are here, how large they are, where they come from, what they are good for."""
    listing = ModelListing(models=(HERE, HERE.model_copy(update={"present": False, "size": None})))
    _, here, away = str(listing).splitlines()
    assert here.split()[:4] == ["tiny", "yes", "98.4", "MB"]
    assert away.split()[:3] == ["tiny", "no", "file:/m.gguf"]
    assert "A &lt;b&gt;small&lt;/b&gt; one." in listing._repr_html_()
