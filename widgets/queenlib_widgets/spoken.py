"""A text that grows, and the pieces of it that the page is told of."""

from __future__ import annotations

ContentMessage = list[int | str]


class Spoken:
    """One text of a job: its answer, or the thoughts before it.

    Until the page has said where it is, nobody knows whether it listens yet: what there is is sent whole each time that
    it has doubled, so that all of these together are at most twice the text.

    Args:
        channel: 0 for the answer, 1 for the thoughts.
    """

    def __init__(self, channel: int) -> None:
        self._channel, self.said = channel, ""
        self._sent = self._whole = 0
        self._pending: list[str] = []
        self._is_heard = False

    def start(self, said: str) -> None:
        """There is so much already; a page that comes later finds it without a message."""
        self.said = said
        if not self._is_heard:
            self._sent = self._whole = len(said)

    def add(self, piece: str) -> None:
        """The text goes on."""
        self._pending.append(piece)

    def clear(self) -> None:
        """It begins anew."""
        self.said, self._sent, self._whole, self._pending = "", 0, 0, []

    def heard_up_to(self, place: int) -> None:
        """The page has so many characters; what follows is sent from there."""
        self._is_heard = True
        self._sent = max(0, min(place, len(self.said)))

    def next(self, count: int) -> ContentMessage | None:
        """The next message, if there is something to say.

        Args:
            count: How many tokens there are by now.

        Returns:
            `[place, piece, count]`, and 1 for the thoughts; places count code points.
        """
        self.said += "".join(self._pending)
        self._pending.clear()
        if not self._is_heard and len(self.said) >= 2 * self._whole:
            self._sent, self._whole = 0, len(self.said)
        if self._sent == len(self.said):
            return None
        message: ContentMessage = [self._sent, self.said[self._sent :], count]
        self._sent = len(self.said)
        return message + [self._channel] * self._channel
