"""What a reader far away remembers of the logs that it follows, for when its line breaks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from queenlib.errors import StreamInterrupted
from queenlib.messages.events import AttemptEvent, EndEvent, Event
from queenlib.messages.place import Place


class Epoch:
    """The epoch of a job whose stream is read: what was told last, and is told to the queen that comes after."""

    def __init__(self, number: int | None) -> None:
        self._number = number

    def header(self) -> dict[str, str]:
        """What is sent of it."""
        return {} if self._number is None else {"queen-epoch": str(self._number)}

    def seen(self, said: str) -> None:
        """What the queen said; a number that is none says nothing."""
        self._number = next(iter(_numbers(said, 1)), self._number)

    def begun_anew(self, event: AttemptEvent) -> None:
        """What the job's log says."""
        self._number = max(self._number or 0, event.data.epoch)


class Following:
    """Where a reader is in each of several logs.

    Args:
        places: Where it begins, by whole ids.
    """

    def __init__(self, places: Iterable[Place]) -> None:
        self._places = {place.job_id: place for place in places}

    @property
    def left(self) -> tuple[Place, ...]:
        """Where it is in each that has not ended."""
        return tuple(self._places.values())

    def header(self) -> dict[str, str]:
        """What is sent of it, beside the ids."""
        epochs = [str(place.epoch) for place in self.left if place.epoch is not None]
        told = {"queen-epoch": ".".join(epochs)} if len(epochs) == len(self.left) else {}
        return {"last-event-id": ".".join(str(place.after) for place in self.left), **told}

    def seen(self, said: str) -> None:
        """What the queen said of the epochs of those that are left."""
        for place, epoch in zip(self.left, _numbers(said, len(self.left)), strict=False):
            self._places[place.job_id] = place._replace(epoch=epoch)

    def take(self, event: Event) -> bool:
        """Move on to this event; `False` where the reader has it already.

        Raises:
            ValueError: It is not the next.
        """
        place = self._places.get(event.job_id)
        if place is None or event.seq <= place.after:
            return False
        if event.first != place.after + 1:
            raise ValueError(f"Event {event.first} of {event.job_id} came after event {place.after}.")
        epoch = max(place.epoch or 0, event.data.epoch) if isinstance(event, AttemptEvent) else place.epoch
        self._places[event.job_id] = place._replace(after=event.seq, epoch=epoch)
        if isinstance(event, EndEvent):
            del self._places[event.job_id]
        return True

    def interrupted(self, why: str) -> StreamInterrupted:
        """The error of a reader whose line broke and could not be made again."""
        places = {place.job_id: place.after for place in self.left}
        return StreamInterrupted(
            f"The stream of {len(places)} jobs broke.",
            why=why,
            state="The jobs do not mind: they go on where they are.",
            next=f"Go on from there: jobs.follow({places})",
            last_seq=max(places.values(), default=0),
        )


def _numbers(said: str, count: int) -> Sequence[int]:
    """The numbers in a header; none where it has others than so many."""
    parts = said.split(".")
    right = len(parts) == count and all(part.isascii() and part.isdigit() and len(part) < 16 for part in parts)
    return [int(part) for part in parts] if right else []
