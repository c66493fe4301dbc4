"""What of a queen can be watched, by kind."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import Any

from queenlib.boards.watching import watching
from queenlib.hives.looks import Looks
from queenlib.messages.change import FORMS, Change, Kind, Watch
from queenlib.state import QueenState


class Watches:
    """Opens watches on a queen's state."""

    def __init__(self, state: QueenState) -> None:
        self._state = state
        self._looks = Looks(state.hives, state.models, state.world)

    def open(self, watch: Watch, after: str = "") -> AsyncGenerator[Change[Any]]:
        """The list, then its changes, without end.

        Args:
            watch: What is watched.
            after: The revision that the reader has; empty for none.

        Raises:
            UnknownHive: There is no hive of that id.
        """
        if watch.hive is not None:
            self._state.hives.get(watch.hive)
        form = FORMS[watch.kind]
        match watch.kind:
            case Kind.JOBS:
                jobs = self._state.registry.watched(watch.wanted, watch.limit)
                return watching(jobs, form, jobs.sieve, after)
            case Kind.HIVES:
                return watching(self._looks.hives, form, _all, after)
            case Kind.WORKERS:
                return watching(self._looks.workers, form, _of(watch.hive) if watch.hive else _all, after)
            case Kind.MODELS:
                return watching(self._looks.models, form, _all, after)


def _all(_: object) -> bool:
    return True


def _of(hive_id: str) -> Callable[[Any], bool | None]:
    return lambda worker: worker.hive_id == hive_id or None
