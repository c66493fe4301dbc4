"""The vector that a simulated model makes of a text: the same for the same text, and nearly square to that of any other."""

from __future__ import annotations

import base64
import hashlib
import math
import struct


def direction(text: str, dimensions: int) -> tuple[float, ...]:
    """A vector of length 1, from the text's hash alone."""
    drawn = hashlib.shake_256(text.encode("utf-8", "surrogatepass")).digest(4 * dimensions)
    numbers = struct.unpack(f"<{dimensions}i", drawn)
    length = math.hypot(*numbers)
    return tuple(number / length for number in numbers)


def packed(vector: tuple[float, ...]) -> str:
    """A vector as llama.cpp sends it: base64 of 32-bit floats."""
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
