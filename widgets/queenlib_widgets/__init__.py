"""The views of queenlib: each follows the log of a job, or a list, and owns nothing.

    from queenlib_widgets import InferStream, BatchView, CompareView, JobView, HiveTable, JobTable, QueenView

A job, a list and a queen at the end of a cell show theirs by themselves. These are widgets as any other: put them beside
others, close them, open them again.
"""

import queenlib_widgets.view  # noqa: F401 - before the others: it says what is missing where anywidget is not installed

# isort: split
from queenlib_widgets.batch_view import BatchView
from queenlib_widgets.compare_view import CompareView
from queenlib_widgets.hive_table import HiveTable
from queenlib_widgets.infer_stream import InferStream
from queenlib_widgets.job_table import JobTable
from queenlib_widgets.job_view import JobView
from queenlib_widgets.queen_view import QueenView

__all__ = ["BatchView", "CompareView", "HiveTable", "InferStream", "JobTable", "JobView", "QueenView"]
