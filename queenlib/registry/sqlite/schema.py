"""What the database looks like, and how one of an earlier version becomes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import apsw

from queenlib.registry.sqlite.facets import fill

APPLICATION_ID = 0x516E4C62
"""Says in the file's head that it is ours: "QnLb"."""

MIGRATIONS: Sequence[str] = (
    """
    CREATE TABLE meta (store TEXT NOT NULL, epoch INTEGER NOT NULL, removals INTEGER NOT NULL) STRICT;
    CREATE TABLE jobs (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        key TEXT UNIQUE,
        digest TEXT NOT NULL,
        operation TEXT NOT NULL,
        ended_at INTEGER,
        head BLOB NOT NULL,
        crc INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX jobs_unfinished ON jobs (number) WHERE ended_at IS NULL;
    CREATE INDEX jobs_ended ON jobs (ended_at) WHERE ended_at IS NOT NULL;
    CREATE INDEX jobs_ended_by_operation ON jobs (operation, ended_at) WHERE ended_at IS NOT NULL;
    CREATE TABLE requests (number INTEGER PRIMARY KEY, body BLOB NOT NULL, crc INTEGER NOT NULL) STRICT;
    CREATE TABLE results (number INTEGER PRIMARY KEY, body BLOB NOT NULL, crc INTEGER NOT NULL) STRICT;
    CREATE TABLE chunks (
        place INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        before INTEGER NOT NULL,
        count INTEGER NOT NULL,
        tokens INTEGER NOT NULL,
        crc INTEGER NOT NULL,
        body BLOB NOT NULL
    ) STRICT;
    """,
    """
    CREATE TABLE facets (facet INTEGER NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (facet, number)) STRICT, WITHOUT ROWID;
    CREATE TABLE dates (number INTEGER PRIMARY KEY, created_at INTEGER NOT NULL) STRICT;
    CREATE INDEX dates_created ON dates (created_at);
    """,
    """
    CREATE TABLE besides (number INTEGER PRIMARY KEY, crc INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
    CREATE TABLE answers (
        key TEXT NOT NULL, number INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (key, number, seq)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX answers_of ON answers (number);
    """,
)
"""Number n brings a database of version n - 1 to version n, in one transaction.

`meta.removals` says how often jobs were removed: the mark names the last time, since what was removed has no event to name.
`jobs.head` is the record as JSON without its request, its result and its counts. `chunks` holds the log, in frames (see
`frames`): `place` is the job's number and the number of the chunk's first event (`chunk.place_of`), `at` the time that its
frames start from, `before` and `tokens` the pieces of the answer before and after it, `count` its events. Each `crc` is a
CRC-32 over all of its row. `facets` and `dates` say of the jobs that have ended what they are found by (see `facets`).
`besides` holds what of a request is too much for every look at it, as JSON under zlib; `answers` says which events are rows
whose answers may be given to others.
"""

FILLS: Mapping[str, Callable[[apsw.Connection], None]] = {MIGRATIONS[1]: fill}
"""What is written in the same transaction as a migration, from what the jobs themselves say."""

VERSION = len(MIGRATIONS)
"""The version of the database that this program writes; it is the file's `user_version`."""
