"""What goes wrong ends in a typed error of four parts, the same near and far, and the queen lives on."""

from pathlib import Path
from typing import Any

import pytest

from queenlib import Queen, errors
from queenlib.errors import QueenError
from queenlib.messages.state import State


async def fails(queen: Queen, **asked: Any) -> QueenError:
    """The error of an `infer`; afterwards the queen still answers."""
    job = queen.infer("x", **asked)
    with pytest.raises(QueenError) as caught:
        await job
    assert (await queen.jobs.get(job.id)).state is State.FAILED
    assert caught.value.job_id == job.id
    assert (await queen.infer("x", model="sim:echo?text=alive")).text == "alive"
    four_parts(caught.value)
    return caught.value


def four_parts(error: QueenError) -> None:
    """What, why and what next are said, and in what state things are."""
    assert all((error.what, error.why, error.state or error.next)), error.problem()


async def test_an_unknown_hive_is_a_failed_job(queen: Queen) -> None:
    """A hive that does not exist is found out at work; the error names those that do."""
    error = await fails(queen, hive="lokal", model="sim:words")
    assert isinstance(error, errors.UnknownHive)
    assert "local" in error.known
    assert "did you mean 'local'" in error.what


async def test_an_unknown_model_names_those_that_are_known(queen: Queen) -> None:
    """A name that is no model gets the nearest one."""
    error = await fails(queen, model="smollm2-135")
    assert isinstance(error, errors.UnknownModel)
    assert "smollm2-135m" in str(error)


async def test_a_missing_file_is_told(queen: Queen, tmp_path: Path) -> None:
    """A `file:` that is not there."""
    error = await fails(queen, model=f"file:{tmp_path}/none.gguf")
    assert isinstance(error, errors.ModelFileError)
    assert "none.gguf" in error.what


async def test_a_truncated_gguf_never_reaches_the_engine(queen: Queen, tmp_path: Path, real_model_path: Path) -> None:
    """A file that was cut off is found out before an engine is started."""
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(real_model_path.read_bytes()[:5_000_000])
    error = await fails(queen, model=f"file:{cut}")
    assert isinstance(error, errors.ModelFileError)


async def test_a_wrong_sha256_is_refused(queen: Queen, real_model_path: Path) -> None:
    """Bytes that are not the promised ones are not used; the file itself is not touched."""
    job = queen.models.download(f"file:{real_model_path}", sha256="0" * 64)
    with pytest.raises(errors.WrongChecksum) as caught:
        await job
    four_parts(caught.value)
    assert caught.value.expected == "0" * 64
    assert real_model_path.exists()


async def test_no_network_is_told(queen: Queen) -> None:
    """A model that is not here cannot be fetched: the error says what could not be reached, and what to do."""
    error = await fails(queen, model="smollm2-135m")
    assert isinstance(error, errors.DownloadFailed)
    assert error.next


@pytest.mark.parametrize("fault", ["crash_load=1", "oom=1"])
async def test_an_engine_that_dies_while_loading_is_told(queen: Queen, fault: str) -> None:
    """The error has the exit and the last lines of the worker."""
    error = await fails(queen, model=f"sim:words?{fault}")
    assert isinstance(error, errors.WorkerDied)
    assert error.last_lines
    assert error.exit_code or error.signal


async def test_an_engine_that_says_why_it_cannot_load_is_quoted(queen: Queen) -> None:
    """A load that fails with a reason shows the reason."""
    assert isinstance(await fails(queen, model="sim:words?fail_load=1"), errors.EngineError)


async def test_an_engine_that_dies_at_token_5_keeps_four(queen: Queen) -> None:
    """What came before stays in the log; the next job gets a new worker."""
    model = "sim:words?tokens=20&crash_at_token=5&seed=55"
    error = await fails(queen, model=model)
    assert isinstance(error, errors.WorkerDied)
    job = queen.jobs.attach(error.job_id or "")
    pieces = [event async for event in job if event.type == "token"]
    assert 1 <= sum(len(event.data.cuts) for event in pieces) <= 5
    assert (await queen.infer("x", model=model, max_tokens=2)).usage.completion_tokens == 2


async def test_a_prompt_that_does_not_fit_is_refused_with_the_counts(queen: Queen) -> None:
    """Nothing is generated; the counts and the way out are said."""
    await queen.workers.spawn("sim:words?seed=77", name="small", context=64)
    job = queen.infer("word " * 100, model="sim:words?seed=77", worker="small", max_tokens=10)
    with pytest.raises(errors.PromptTooLong) as caught:
        await job
    error = caught.value
    four_parts(error)
    assert error.prompt_tokens >= 100
    assert (error.max_tokens, error.context) == (10, 64)
    assert [event async for event in job if event.type == "token"] == []


async def test_bad_bytes_become_replacement_characters(queen: Queen) -> None:
    """A model that splits a character does not end its stream."""
    result = await queen.infer("x", model="sim:words?tokens=6&bad_utf8_at_token=3")
    assert "\ufffd" in result.text
    assert result.usage.completion_tokens == 6


async def test_a_named_worker_that_is_not_there_is_refused(queen: Queen) -> None:
    """A worker that was named is never replaced by another."""
    error = await fails(queen, model="sim:words", worker="nobody")
    assert isinstance(error, errors.EngineError)
    assert "there is no such worker" in error.why or "another worker" in error.why


async def test_a_simulated_hive_runs_no_real_model(queen: Queen) -> None:
    """A made-up machine has no engine for real models, and says so."""
    await queen.hives.add("toy", kind="simulated")
    error = await fails(queen, model="smollm2-135m", hive="toy")
    assert isinstance(error, errors.EngineError)
    await queen.hives.remove("toy")


async def test_the_hive_local_stays(queen: Queen) -> None:
    """This machine cannot be removed, nor added twice."""
    for job in (
        queen.hives.remove("local"),
        queen.hives.add("local-2", kind="local"),
        queen.hives.update("local", address="x"),
    ):
        with pytest.raises(errors.Conflict) as caught:
            await job
        four_parts(caught.value)


async def test_an_unknown_job_is_told(queen: Queen) -> None:
    """An id that does not exist, whichever verb is asked."""
    for verb in (queen.jobs.get, queen.jobs.cancel, queen.jobs.result):
        with pytest.raises(errors.UnknownJob):
            await verb("job-nonesuch")
    with pytest.raises(errors.UnknownJob):
        await anext(queen.jobs.stream("job-nonesuch"))
