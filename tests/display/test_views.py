"""The live views that are installed."""

from queenlib.display.views import view_of


def test_every_job_has_a_view() -> None:
    """An answer has one of its own, any other job the common one."""
    assert view_of("infer").__name__ == "InferStream"
    assert view_of("model_download").__name__ == "JobView"
