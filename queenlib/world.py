"""The world that a queen lives in: its clock, its ids, its randomness, and the way it waits.

Everything else takes one `World` and asks it, so that a test can hand in a world of its own.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count

RANDOM = 12
"""Characters of an id after its kind."""
COUNTED = 4
"""Those of them that count."""
_ID_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: no letter that reads as another
_BITS = 5
"""Of one character."""


@dataclass(frozen=True)
class World:
    """The real world. A subclass with a clock of its own is a world for tests."""

    random: random.Random = field(default_factory=random.SystemRandom)
    _counted: Iterator[int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_counted", count(self.random.getrandbits(_BITS * COUNTED)))

    def now(self) -> datetime:
        """The date and time, in UTC; it may jump, so nothing is ordered or timed by it."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds on a clock that never jumps; only differences mean something."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait for `seconds`."""
        await asyncio.sleep(seconds)

    @asynccontextmanager
    async def limit(self, seconds: float | None) -> AsyncIterator[None]:
        """Bound what is inside to `seconds` (`None`: no bound).

        Raises:
            TimeoutError: If it took longer.
        """
        async with asyncio.timeout(seconds):
            yield

    def new_id(self, kind: str) -> str:
        """A new id such as `job-7f3k9m2p4qxz`: the kind, four characters that count on from random ones, 40 random bits.

        Because they count, four characters tell the ids of one queen apart, and an index of ids grows in one place.
        """
        random = self.random.getrandbits(_BITS * (RANDOM - COUNTED))  # in one question to the system
        return f"{kind}-{_spelled(next(self._counted), COUNTED)}{_spelled(random, RANDOM - COUNTED)}"

    def new_secret(self) -> str:
        """A new secret of 256 bits, safe in a header and in a file."""
        return secrets.token_urlsafe(32)


def _spelled(number: int, count: int) -> str:
    """So many characters of an id that stand for a number; of a larger one the last."""
    return "".join([_ID_ALPHABET[number >> _BITS * place & 2**_BITS - 1] for place in reversed(range(count))])


def is_whole(job_id: str) -> bool:
    """Whether this is a job's id and not a prefix of one."""
    return job_id.startswith("job-") and len(job_id) == len("job-") + RANDOM
