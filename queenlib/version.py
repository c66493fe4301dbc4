"""The version of queenlib."""

__version__ = "0.1.0"
