"""The durable store: one SQLite file, one thread that writes, group commit, and nothing shown that is not on the disk."""
