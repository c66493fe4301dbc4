"""Boards: the newest of each thing that changed, and never a queue."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from queenlib.boards.board import Board

PUTS = st.lists(st.tuples(st.sampled_from("abcdef"), st.none() | st.integers()), max_size=40)


@given(PUTS, st.integers(1, 8), st.integers(0, 40))
def test_since_then_brings_everybody_up_to_date(puts: list[tuple[str, int | None]], keeps: int, at: int) -> None:
    """Whoever had the truth at a number has it again with what changed since, or is told that it is too late."""
    board: Board[int] = Board("run", keeps)
    truth: dict[str, int | None] = {}
    had, number = dict(truth), 0
    for done, (name, item) in enumerate(puts):
        if done == at:
            had, number = dict(truth), board.number
        board.put(name, item)
        truth[name] = item
    if at >= len(puts):
        had, number = dict(truth), board.number
    changed = board.since(number)
    if changed is None:
        assert len(set(truth)) > keeps
    else:
        assert had | dict(changed) == truth
        assert len({name for name, _ in changed}) == len(changed) <= keeps


def test_a_number_that_it_did_not_give_is_too_late() -> None:
    """One of another board, one that is still to come, and what is none at all."""
    board: Board[int] = Board("run-a")
    board.put("a", 1)
    assert board.number_of(board.revision(1)) == 1
    assert [board.number_of(said) for said in ("run-b.1", "1", "run-a.", "run-a.-1", "run-a.1e1", "run-a.²", "")] == [
        None
    ] * 7
    assert board.since(2) is None
    assert board.since(0) == [("a", 1)]


async def test_who_waits_is_told_and_who_leaves_is_forgotten() -> None:
    """Many wait for one change; one that was there already is not waited for."""
    board: Board[int] = Board("run")
    waiting = [asyncio.create_task(board.beyond(0)) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.wait(waiting[:1])
    assert len(board._waiting) == 2
    board.put("a", 1)
    await asyncio.gather(*waiting[1:])
    await board.beyond(0)
    assert not board._waiting
