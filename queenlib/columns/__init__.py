"""All that is pandas: jobs, logs and batches as DataFrames, and DataFrames as the cells of a batch."""

from queenlib.errors import MissingExtra

try:
    import pandas  # noqa: F401 - the modules below need it, and say nothing of where it comes from
except ImportError as error:
    raise MissingExtra(
        "There are no DataFrames here.",
        why="pandas is not installed.",
        state="Nothing was done.",
        next="pip install 'queenlib[notebook]'",
        extra="notebook",
    ) from error
