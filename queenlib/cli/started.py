"""When this program was started, for the time from the command to the first token."""

from __future__ import annotations

import time

from queenlib.world import World

STARTED: float = World().monotonic() - time.process_time()
"""On the world's `monotonic` clock. Until here Python did nothing but compute, so that its CPU time is what it took."""
