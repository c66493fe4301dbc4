"""The goals of readers, measured: `python -m benchmarks.readers [NAME …]`; the exit code is 1 where one is missed.

Names are `fanout`, `idle`; without any, both. Each figure is held against a bare uvicorn application with a queue for each
client, in the same run; servers and readers are processes of their own, and only the server is measured.
"""

from __future__ import annotations

import sys

from benchmarks.log.figures import measure
from benchmarks.readers import fanout, idle

ALL = {"fanout": fanout, "idle": idle}


if __name__ == "__main__":
    sys.exit(measure(ALL, sys.argv[1:]))
