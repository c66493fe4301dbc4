"""The models of one home: those that are here, and those that have a name."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial

from queenlib.errors import NameTaken
from queenlib.flights import Flights
from queenlib.home import Home
from queenlib.messages.base import Deleted
from queenlib.messages.events import Log, Progress
from queenlib.messages.model import ModelInfo
from queenlib.models.bring import Bringer, Step, Wanted
from queenlib.models.builtin import BUILTINS, DEMO_MODEL, Builtin
from queenlib.models.files import off_loop
from queenlib.models.pip_index import Pip
from queenlib.models.records import ModelFile, Record, Records
from queenlib.models.source import FileSource, Source, parse_source, unknown_model
from queenlib.world import World

__all__ = ["DEMO_MODEL", "ModelCatalog", "ModelFile"]

_BUILTIN_BY_SOURCE = {str(each.source): (alias, each) for alias, each in BUILTINS.items()}


class ModelCatalog:
    """The models of one home; to be used on one event loop. Other processes may use the same home."""

    def __init__(self, home: Home, world: World, pip: Pip | None = None) -> None:
        self._records = Records(home)
        self._bringer = Bringer(home, world, self._records, pip or Pip())
        self._flights: Flights[Step] = Flights()

    def list(self) -> tuple[ModelInfo, ...]:
        """The models that are here and those that have a name of ours, by name."""
        records = {record.source: record for record in self._records.all()}
        sources = [*records, *(source for source in _BUILTIN_BY_SOURCE if source not in records)]
        return tuple(sorted((self._info(source, records.get(source)) for source in sources), key=lambda info: info.name))

    def get(self, name: str) -> ModelInfo:
        """The model of a name: an alias, or a source.

        Raises:
            UnknownModel: Nothing is known of it; it may still be a source that can be fetched.
        """
        source = self._source(name)
        record = self._records.find(source)
        if record is None and str(source) not in _BUILTIN_BY_SOURCE:
            raise unknown_model(name, "It was not brought here yet.", self._names())
        return self._info(str(source), record)

    def canonical(self, name: str) -> str:
        """The one name of a model that may have several: its alias if it has one, else its source.

        Raises:
            UnknownModel: The name is no alias that is known and no source.
        """
        return self._name(self._source(name))

    async def ensure(
        self, name: str, *, alias: str | None = None, sha256: str | None = None
    ) -> AsyncGenerator[Progress | Log | ModelFile]:
        """Bring a model here and verify it, unless it is: what happens and, last, its file.

        Those that ask for the same one at the same time share the work; whoever leaves takes it from nobody, and what
        was fetched is kept for the next time.

        Args:
            name: An alias, or a source.
            alias: A short name for it from now on, as `queenlib.messages.model.Alias`.
            sha256: What its bytes must be.

        Raises:
            UnknownModel: The name is no alias that is known and no source.
            NameTaken: Another model has that alias.
            ModelError: It cannot be reached or read, or is not what was promised.
            MissingExtra: It takes pip, and there is none.
        """
        source = self._source(name)
        label = alias or self._name(source)
        self._check_alias(alias, source)
        wanted = self._wanted(label, source, sha256)
        record = self._records.find(source)
        if record is None or not self._records.intact(record):
            key = (str(source), wanted.sha256)
            async with aclosing(self._flights.join(key, partial(self._bringer.bring, wanted))) as steps:
                async for step in steps:
                    if isinstance(step, Record):
                        record = step
                    else:
                        yield step
        assert record is not None
        wanted.check(record.sha256, "The model that is here was not touched.")
        if alias is not None and alias != record.alias:
            record = record.model_copy(update={"alias": alias})
            await off_loop(self._records.write, record)
        yield ModelFile(self._name(source), record.source, self._records.path(record), record.size, record.sha256)

    async def delete(self, name: str) -> Deleted:
        """Remove a model's bytes from here; a `file:` of the user's own is forgotten and not touched.

        Raises:
            UnknownModel: Nothing is known of it.
        """
        info = self.get(name)
        if record := self._records.find(parse_source(info.source)):
            await off_loop(self._records.forget, record)
        return Deleted(kind="model", id=info.name)

    def _wanted(self, label: str, source: Source, sha256: str | None) -> Wanted:
        """What is wanted; what we promise of a model of ours and what the caller asks for must be the same."""
        builtin = _builtin(source)
        if builtin is None:
            return Wanted(label, source, sha256)
        Wanted(label, source, sha256).check(builtin.sha256, "Nothing was fetched.")
        return Wanted(label, source, builtin.sha256)

    def _source(self, name: str) -> Source:
        if name.startswith("sim:"):
            raise unknown_model(name, "Simulated models have no file: a hive runs them as they are.", self._names())
        if name in BUILTINS:
            return BUILTINS[name].source
        found = [record.source for record in self._records.all() if record.alias == name]
        return parse_source(found[0] if found else name, self._names())

    def _names(self) -> set[str]:
        return {*BUILTINS, *(record.alias for record in self._records.all() if record.alias)}

    def _name(self, source: Source) -> str:
        record = self._records.find(source)
        known = _BUILTIN_BY_SOURCE.get(str(source))
        return (record.alias if record else None) or (known[0] if known else None) or str(source)

    def _check_alias(self, alias: str | None, source: Source) -> None:
        taken = {record.alias: record.source for record in self._records.all()}
        taken |= {name: str(builtin.source) for name, builtin in BUILTINS.items()}
        if alias is not None and taken.get(alias, str(source)) != str(source):
            raise NameTaken(
                f"The alias {alias!a} is that of {taken[alias]}.",
                why="An alias names one model.",
                state="Nothing was fetched or changed.",
                next=f"Take another alias, or delete that model first: queen.models.delete({alias!r})",
            )

    def _info(self, source: str, record: Record | None) -> ModelInfo:
        parsed = parse_source(source)
        builtin = _builtin(parsed)
        path = self._records.path(record) if record else None
        intact = record is not None and self._records.intact(record)
        # A file of the user's own that was changed is there, and its SHA-256 is not known until it is looked at again.
        changed = not intact and isinstance(parsed, FileSource) and path is not None and path.is_file()
        known = record if intact else builtin
        return ModelInfo(
            name=self._name(parsed),
            source=source,
            present=intact or changed,
            size=path.stat().st_size if changed and path else known.size if known else None,
            sha256=known.sha256 if known else None,
            fetched_at=record.fetched_at if record and intact else None,
            about=builtin.about if builtin else "",
        )


def _builtin(source: Source) -> Builtin | None:
    found = _BUILTIN_BY_SOURCE.get(str(source))
    return found[1] if found else None
