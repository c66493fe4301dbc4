"""Which state a job may step into from which: a table, without I/O, clock or task."""

from __future__ import annotations

from collections.abc import Mapping

from queenlib.errors import IllegalTransition
from queenlib.messages.state import State

_ENDS = frozenset({State.SUCCEEDED, State.FAILED, State.CANCELLED, State.LOST})

STEPS: Mapping[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.RUNNING, State.FAILED, State.CANCELLED, State.LOST}),
    State.RUNNING: frozenset({State.WAITING, State.QUEUED, State.CANCELLING, State.SUCCEEDED, State.FAILED, State.LOST}),
    State.WAITING: frozenset({State.WAITING, State.RUNNING, State.QUEUED, State.CANCELLING, State.FAILED, State.LOST}),
    State.CANCELLING: _ENDS,
    **{end: frozenset() for end in _ENDS},
}
"""From each state, the states that may follow. `waiting` may follow itself: the reason has changed.
Back to `queued` goes a job whose work begins anew, in another attempt."""


def step(job_id: str, old: State, new: State) -> State:
    """The state `new`, if it may follow `old`.

    Raises:
        IllegalTransition: If it may not; nothing was changed.
    """
    if new in STEPS[old]:
        return new
    allowed = ", ".join(sorted(STEPS[old])) or "nothing: it has ended"
    raise IllegalTransition(
        f"{job_id} cannot go from {old} to {new}.",
        why=f"After {old} comes {allowed}.",
        state=f"It is still {old}.",
        next="If a program of queenlib did this, it is a defect: please report it.",
        old=old.value,
        new=new.value,
    )
