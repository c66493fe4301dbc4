"""All that is matplotlib: what the rows of a batch took, drawn. Nothing here needs `pyplot`, or changes a global setting."""

from queenlib.errors import MissingExtra

try:
    import matplotlib  # noqa: F401 - the modules below need them, and say nothing of where they come from
    import pandas  # noqa: F401
except ImportError as error:
    raise MissingExtra(
        "There are no plots here.",
        why=f"{error.name} is not installed.",
        state="Nothing was done.",
        next="pip install 'queenlib[plots]'",
        extra="plots",
    ) from error
