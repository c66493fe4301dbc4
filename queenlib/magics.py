"""`%load_ext queenlib`: `%%infer`, `%jobs` and `%hives`.

They are plain functions that return what one can await: IPython does not await a magic.
"""

from __future__ import annotations

import shlex
from argparse import Namespace
from keyword import iskeyword
from typing import Any, Literal, cast

from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring

from queenlib.client.default import default_queen
from queenlib.client.job import Job
from queenlib.client.queen import Queen
from queenlib.display.lists import look, picture, show_list
from queenlib.display.screen import publish


@magics_class
class QueenMagics(Magics):
    """The magics. They speak to the default queen, or to the notebook's own `queen`, if it has one of that name."""

    @magic_arguments()
    @argument("-m", "--model", help="which model")
    @argument("-s", "--system", help="what the model is told before all else")
    @argument("-n", "--max-tokens", type=int, help="tokens to generate at most")
    @argument("-t", "--temperature", type=float, help="0 takes the likeliest token always")
    @argument("--seed", type=int, help="same seed, same text")
    @argument("-o", "--output", metavar="VAR", help="the variable that gets the job")
    @argument("-f", "--format", action="store_true", help="put the notebook's variables in the place of {names}")
    @argument("--detach", action="store_true", help="do not wait: the job goes on")
    @cell_magic
    def infer(self, line: str, cell: str) -> Job[Any] | None:
        """The cell is the prompt; the answer is shown as it comes."""
        said = _parsed(self.infer, line)
        if said.output and (not said.output.isidentifier() or iskeyword(said.output)):
            raise UsageError(f"A variable cannot be called {said.output!r}. For example: -o answer")
        names = ("model", "system", "max_tokens", "temperature", "seed")
        given = {name: getattr(said, name) for name in names if getattr(said, name) is not None}
        prompt = _filled(cell, self._names()) if said.format else cell
        interrupt: Literal["cancel", "detach"] = "detach" if said.detach else "cancel"
        job = self._queen().infer(prompt.strip("\n"), on_interrupt=interrupt, **given)
        if said.output:
            self._names()[said.output] = job
        if said.detach:
            return job
        job.show()
        job.wait()
        return None

    @magic_arguments()
    @argument("job", nargs="?", help="a job, or how its id begins")
    @argument("--cancel", action="store_true", help="end it")
    @line_magic
    def jobs(self, line: str) -> Job[Any] | None:
        """The jobs as they come and go; or one of them."""
        said, queen = _parsed(self.jobs, line), self._queen()
        if said.job is None:
            if said.cancel:
                raise UsageError("Say which: %jobs JOB --cancel")
            _show("jobs", queen, 1)
            return None
        job = queen.jobs.attach(said.job)
        if said.cancel:
            queen.sync.jobs.cancel(job.id)
        return job

    @magic_arguments()
    @line_magic
    def hives(self, line: str) -> None:
        """The hives and what runs on them."""
        _parsed(self.hives, line)
        _show("hives", self._queen(), 0)

    def _names(self) -> dict[str, Any]:
        assert self.shell is not None  # IPython has none of us without one
        return cast("dict[str, Any]", self.shell.user_ns)

    def _queen(self) -> Queen:
        own = self._names().get("queen")
        return own if isinstance(own, Queen) and not own.closed else default_queen()


class _Names(dict[str, Any]):
    """The notebook's variables, for a prompt that names some."""

    def __missing__(self, name: str) -> str:
        raise UsageError(f"The notebook has no variable {name!r}, which the prompt names.")


def _parsed(magic: Any, line: str) -> Namespace:
    """What the line of a magic says."""
    try:
        return Namespace(**{name: _bare(value) for name, value in vars(parse_argstring(magic, line)).items()})
    except ValueError as error:
        raise UsageError(f"The line cannot be read: {error}. A quote that begins has to end.") from None


def _show(kind: str, queen: Queen, place: int) -> None:
    """By a view, or as it is now."""
    if not show_list(kind, queen):
        publish(picture([queen.portal.wait(look(queen))[place]]))


def _bare(value: Any) -> Any:
    """A value of the magic's line, without the quotes around it."""
    return " ".join(shlex.split(value)) if isinstance(value, str) and value[:1] in "'\"" else value


def _filled(cell: str, variables: dict[str, Any]) -> str:
    try:
        return cell.format_map(_Names(variables))
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        why = f"there is no {error}" if isinstance(error, KeyError) else error
        raise UsageError(f"The prompt cannot be filled in: {why}. A brace that is meant is written twice.") from None
