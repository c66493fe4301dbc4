"""The version of queenlib."""

__version__ = "0.1.0"

PROTOCOL = 3
"""What queen and client speak over HTTP. It counts up when one of them could not read what the other says."""
