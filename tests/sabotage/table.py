"""The promises that are broken, and who sees it."""

from __future__ import annotations

from tests.sabotage.sabotage import Sabotage

LOG, RUN, RECOVERY = "queenlib/registry/log.py", "queenlib/registry/run.py", "queenlib/registry/recovery.py"
SQLITE = "queenlib/registry/sqlite"

SABOTAGES = (
    Sabotage(
        "publish before commit",
        LOG,
        "            record = self.record\n            try:\n",
        "            record = self.record\n            self._shown.show(record, batch)\n            try:\n",
        "tests/registry/test_registry.py::test_nothing_is_shown_before_it_is_kept_and_pieces_share_events",
    ),
    Sabotage(
        "result after the end",
        LOG,
        """            self._add(ResultEvent(**self._next(), data=ResultData(result=result | named)))
        self._add(EndEvent(**self._next(), data=end))
""",
        """            pass
        self._add(EndEvent(**self._next(), data=end))
        if result is not None:
            self._add(ResultEvent(**self._next(), data=ResultData(result=result | named)))
""",
        "tests/registry/test_registry.py::test_every_reader_sees_the_same_dense_log",
    ),
    Sabotage(
        "an end that is not waited for",
        LOG,
        "        self._add(EndEvent(**self._next(), data=end))\n        await self.settled()\n",
        "        self._add(EndEvent(**self._next(), data=end))\n",
        "tests/registry/test_registry.py::test_many_cancels_are_one",
    ),
    Sabotage(
        "begun before it is kept that it is",
        RUN,
        "            await self.log.settled()\n",
        "            pass\n",
        "TODO",
    ),
    Sabotage(
        "no epoch",
        f"{SQLITE}/ledger.py",
        "        if newest != self._epoch:\n",
        "        if False:\n",
        "TODO",
    ),
    Sabotage(
        "no lock",
        "queenlib/file_lock.py",
        "            if not _try_lock(handle):\n",
        "            if False:\n",
        "TODO",
    ),
    Sabotage(
        "a key without its payload",
        f"{SQLITE}/ledger.py",
        "            if its_digest == digest:\n",
        "            if True:\n",
        "TODO",
    ),
)
