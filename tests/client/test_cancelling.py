"""Several jobs cancelled together, and waited for."""

from pathlib import Path

from queenlib.client.cancelling import cancel_all
from queenlib.home import Home
from queenlib.messages.cancelled import Cancelled
from queenlib.messages.filter import JobFilter, parse_filter
from queenlib.messages.job import Terms
from queenlib.messages.state import State
from queenlib.router import Router
from queenlib.state import QueenState


class Hasty(Router):
    """A queen who answers before the jobs have ended."""

    async def cancel_jobs(self, wanted: JobFilter, *, everything: bool = False) -> Cancelled:
        """Tell which jobs are meant, and end none of them yet."""
        jobs = (await super().cancel_jobs(wanted.model_copy(update={"state": (State.LOST,)}))).jobs
        assert not jobs
        listing = await self.list_jobs(wanted=wanted)
        rows = [{"id": job.id, "operation": job.operation, "state": State.CANCELLING} for job in listing.jobs]
        return Cancelled.model_validate({"jobs": tuple(rows)})


async def test_who_is_answered_too_early_waits(tmp_path: Path) -> None:
    """A job that was answered as `cancelling` is waited for, and told as what it came to."""
    queen = await Hasty.begin(QueenState.open(Home.open(tmp_path)))
    try:
        payload = {"operation": "infer", "prompt": "x", "model": "sim:words?tokens=100000&tokens_per_s=50"}
        tickets = [await queen.create_job({**payload, "seed": n}, terms=Terms(tags=("t",))) for n in range(3)]
        cancelled = await cancel_all(queen, parse_filter(tags="t"))
        assert set(cancelled.ids) == {ticket.job_id for ticket in tickets}
        assert {job.state for job in cancelled.jobs} == {State.CANCELLED}
        assert {(await queen.get_job(job.id)).state for job in cancelled.jobs} == {State.CANCELLED}
    finally:
        await queen.close()
