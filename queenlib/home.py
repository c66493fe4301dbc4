"""The home: the one folder that all that queenlib writes lies under."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from queenlib.errors import QueenError
from queenlib.world import World


@dataclass(frozen=True)
class Home:
    """The paths of one home. The folder is made for its owner alone (mode 0700)."""

    path: Path

    @classmethod
    def open(cls, path: str | os.PathLike[str] | None = None) -> Home:
        """The home at `path`, else at `QUEENLIB_HOME`, else in the platform's folder for data; made if it is not there.

        Raises:
            QueenError: If it cannot be made or written to.
        """
        home = cls.named(path)
        try:
            for folder in (home.path, home.models, home.downloads, home.logs):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise _not_ours(home.path, error) from error
        return home

    @classmethod
    def named(cls, path: str | os.PathLike[str] | None = None) -> Home:
        """The same home, whether or not it is there; nothing is made."""
        return cls(Path(path or os.environ.get("QUEENLIB_HOME") or _platform_home()).expanduser().absolute())

    @property
    def is_usual(self) -> bool:
        """Whether it is that of everybody who does not say otherwise: the platform's folder for data."""
        return self.path == _platform_home()

    @property
    def models(self) -> Path:
        """Models that were fetched."""
        return self.path / "models"

    @property
    def downloads(self) -> Path:
        """Downloads that are not whole yet."""
        return self.path / "downloads"

    @property
    def logs(self) -> Path:
        """What workers said."""
        return self.path / "logs"

    @property
    def store(self) -> Path:
        """The log of all jobs; what belongs to it lies beside it."""
        return self.path / "jobs.db"

    @property
    def lock_file(self) -> Path:
        """Held by the queen of this home, for as long as she lives."""
        return self.store.with_suffix(".lock")

    @property
    def start_lock_file(self) -> Path:
        """Held by who starts a queen in the background, until she is there."""
        return self.path / "start.lock"

    @property
    def address_file(self) -> Path:
        """Where the queen of this home listens."""
        return self.path / "queen.json"

    @property
    def journal(self) -> Path:
        """What simulated workers were asked."""
        return self.logs / "simulated.jsonl"

    @property
    def token_file(self) -> Path:
        """The token that a far client shows."""
        return self.path / "token"

    def token(self, world: World) -> str:
        """The home's token, made when it is first asked for, in a file that its owner alone can read (mode 0600).

        Raises:
            QueenError: If others could read it, or it cannot be written.
        """
        if self.token_file.exists():
            return read_token(self.token_file)
        token = world.new_secret()
        draft = self.path / f".token-{world.new_id('draft')}"
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(token)
            try:
                os.link(draft, self.token_file)  # whole or not at all, and never over another's
            finally:
                draft.unlink()
        except FileExistsError:  # somebody was quicker
            return read_token(self.token_file)
        except OSError as error:
            raise _not_ours(self.path, error) from error
        return token


def read_token(path: str | os.PathLike[str]) -> str:
    """The token in a file.

    Raises:
        QueenError: If it is not there, somebody other than its owner could read it, or there is no token in it.
    """
    file = Path(path).expanduser()
    try:
        status = file.stat()
        token = file.read_bytes().strip().decode("ascii", "replace")
    except OSError as error:
        raise QueenError(
            f"The token file {file} cannot be read: {error.strerror}.",
            why="A queen shows its stream to nobody without its token.",
            next="`queenlib serve --json` prints where the token file is.",
        ) from error
    if os.name == "posix" and stat.S_IMODE(status.st_mode) & 0o077:
        raise QueenError(
            f"The token file {file} can be read by others (mode {stat.S_IMODE(status.st_mode):04o}).",
            why="Whoever has the token can run jobs.",
            state="It was not used.",
            next=f"chmod 600 {file}",
        )
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise QueenError(
            f"There is no token in {file}.",
            why="It is empty, or has characters that no token has.",
            state="It was not used.",
            next=f"rm {file}   # the next `queenlib serve` makes a new one",
        )
    return token


def _not_ours(path: Path, error: OSError) -> QueenError:
    return QueenError(
        f"The home {path} cannot be made or written to: {error.strerror}.",
        why="queenlib keeps models, logs and a token there.",
        state="Nothing was started.",
        next="Give another folder: queenlib up --home /path, QUEENLIB_HOME=/path or Queen(home='/path').",
    )


def _platform_home() -> Path:
    from platformdirs import user_data_path  # only where no home was given

    return user_data_path("queenlib", appauthor=False)
