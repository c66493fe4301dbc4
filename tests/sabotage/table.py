"""The promises that are broken, and who sees it."""

from __future__ import annotations

from tests.sabotage.sabotage import Sabotage

REGISTRY = "queenlib/registry"
SQLITE = f"{REGISTRY}/sqlite"
LOG, RUN, RECOVERY = f"{REGISTRY}/log.py", f"{REGISTRY}/run.py", f"{REGISTRY}/recovery.py"

STORE = "tests/registry/test_store.py"
JOBS = "tests/registry/test_registry.py"
FATES = "tests/registry/test_recovery.py"
POWER = "tests/power/test_power.py::test_what_was_kept_is_there_when_the_power_comes_back"
KILLED = "tests/faults/test_create.py::test_killed_in_the_instruction_after_create"

SHOWN = (
    Sabotage(
        "publish before commit",
        "queenlib/registry/carrier.py",
        "            load, kept = given\n",
        "            load, kept = given\n            self._tail.show(*load)\n",
        f"{JOBS}::test_nothing_is_shown_before_it_is_kept_and_pieces_share_events",
    ),
    Sabotage(
        "created before it is kept",
        LOG,
        """            job_id = await self._store.create(record, first, digest, beside)
""",
        """            job_id = record.id
            asyncio.ensure_future(self._store.create(record, first, digest, beside))
""",
        KILLED,
    ),
    Sabotage(
        "pieces that are not waited for",
        f"{SQLITE}/writer.py",
        "            self._inbox.put(deed)\n        return deed.future\n",
        "            self._inbox.put(deed)\n        return asyncio.sleep(0) if deed.relaxed else deed.future\n",
        POWER,
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
        f"{JOBS}::test_every_reader_sees_the_same_dense_log",
    ),
    Sabotage(
        "an end that is not waited for",
        LOG,
        "        self._add(EndEvent(**self._next(), data=end))\n        await self.settled()\n",
        "        self._add(EndEvent(**self._next(), data=end))\n",
        f"{JOBS}::test_cancels_of_one_that_was_never_started_return_when_it_has_ended",
    ),
    Sabotage(
        "a cancel that does not wait for the work",
        f"{REGISTRY}/registry.py",
        "            run.stop(Stop.cancel(job_id))\n            await run.ended()\n",
        "            run.stop(Stop.cancel(job_id))\n            return run.log.shown\n",
        f"{JOBS}::test_cancel_returns_when_the_work_has_unwound",
    ),
    Sabotage(
        "a stream that comes back from the start",
        "queenlib/client/resume.py",
        "                    seen, tries = event.seq, 0\n",
        "                    tries = 0\n",
        "tests/client/test_resume.py::test_wherever_it_breaks_each_event_comes_once",
    ),
    Sabotage(
        "a frozen reader that is kept for ever",
        "queenlib/http/sending.py",
        "        if self._stuck >= self._streams.pace.patience:\n",
        "        if False:\n",
        "tests/http/test_stream.py::test_a_frozen_reader_is_let_go_of",
    ),
    Sabotage(
        "an id that says where its reader was before",
        "queenlib/http/stream.py",
        """        cursor.take(event)
        return b"id: %s%s" % (_place(self._reader.cursors).encode(), event.frame[event.frame.index(b"\\n") :])
""",
        """        place = _place(self._reader.cursors).encode()
        cursor.take(event)
        return b"id: %s%s" % (place, event.frame[event.frame.index(b"\\n") :])
""",
        "tests/http/test_places.py::test_an_id_says_where_its_reader_is_in_every_log",
    ),
)
"""What a reader or a caller is told before it is true, or is not told."""

KEPT = (
    Sabotage(
        "no sync",
        f"{SQLITE}/connection.py",
        '        connection.pragma("synchronous", "full")\n',
        '        connection.pragma("synchronous", "normal")\n',
        POWER,
    ),
    Sabotage(
        "as fast as one that was not told to be",
        f"{SQLITE}/writer.py",
        '"normal" if self._fast and all(',
        '"normal" if all(',
        POWER,
    ),
    Sabotage(
        "go on after a sync that failed",
        f"{SQLITE}/writer.py",
        "        self._stop(failures.stopped(self._opened.path, error))\n        return left\n",
        "        return left\n",
        "tests/registry/sqlite/test_writer.py::test_after_an_error_of_the_disk_nothing_is_written",
    ),
    Sabotage(
        "a log with a hole",
        f"{SQLITE}/ledger.py",
        "        if last is None or events[0].seq != last.last_seq + 1:\n",
        "        if last is None:\n",
        f"{STORE}::test_events_that_do_not_follow_are_refused_whole",
    ),
    Sabotage(
        "damage that is not looked for",
        f"{SQLITE}/chunk.py",
        "    return row_crc(place, at, before, count, tokens, zlib.crc32(body)) == crc\n",
        "    return row_crc(place, at, before, count, tokens, zlib.crc32(body)) != crc - 1\n",
        "tests/registry/sqlite/test_corruption.py::test_one_damage_is_never_a_wrong_answer",
    ),
    Sabotage(
        "an older database that is taken for this one",
        f"{SQLITE}/opening.py",
        "    check_mark(path, connection, mark)\n",
        "",
        "tests/registry/sqlite/test_opening.py::test_one_that_lacks_what_was_shown_is_not_even_migrated",
    ),
    Sabotage(
        "a newer database that is written into",
        f"{SQLITE}/checks.py",
        "    if found > version:\n",
        "    if found > MOST_VERSIONS:\n",
        "tests/registry/sqlite/test_opening.py::test_a_newer_one_is_refused_untouched",
    ),
    Sabotage(
        "half a migration",
        f"{SQLITE}/opening.py",
        "        connection.execute(script)\n",
        """        connection.execute(script)
        connection.execute("COMMIT")
        connection.execute("BEGIN IMMEDIATE")
""",
        "tests/registry/sqlite/test_opening.py::test_a_migration_that_fails_leaves_it_as_it_was",
    ),
    Sabotage(
        "deleted, and still in the log's file",
        f"{SQLITE}/writer.py",
        "                self._db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)\n",
        "",
        "tests/registry/sqlite/test_store.py::test_a_scrubbed_job_is_in_no_file",
    ),
    Sabotage(
        "deleted, and still in the database",
        f"{SQLITE}/connection.py",
        '        connection.pragma("secure_delete", "on")\n',
        '        connection.pragma("secure_delete", "off")\n',
        "tests/registry/sqlite/test_connection.py::test_what_is_deleted_is_overwritten",
    ),
    Sabotage(
        "a private answer that is written down",
        LOG,
        "        body = self._operation.keeps(yielded)\n",
        "        body = yielded if self._operation.forgets else self._operation.keeps(yielded)\n",
        "tests/flow/test_removal.py::test_what_is_private_is_in_no_file",
    ),
)
"""What is not on the disk, or not as it was, or still."""

ONCE = (
    Sabotage(
        "no lock",
        "queenlib/file_lock.py",
        "                taken = _try_lock(handle)\n",
        "                taken = True\n",
        "tests/client/test_reign.py::test_there_is_one_at_a_time",
    ),
    Sabotage(
        "no epoch",
        f"{SQLITE}/ledger.py",
        "        if newest != self._epoch:\n",
        "        if False:\n",
        "tests/faults/test_oracle.py::test_what_a_superseded_queen_creates_is_not_there",
    ),
    Sabotage(
        "a key without its payload",
        f"{SQLITE}/ledger.py",
        "            if its_digest == digest:\n",
        "            if True:\n",
        f"{STORE}::test_a_key_gives_the_job_that_has_it",
    ),
    Sabotage(
        "a key that several may have",
        f"{SQLITE}/schema.py",
        "        key TEXT UNIQUE,\n",
        "        key TEXT,\n",
        f"{STORE}::test_many_creates_of_one_key_at_once_are_one_job",
    ),
    Sabotage(
        "a create that comes back as another",
        "queenlib/client/seat.py",
        '            terms = terms.model_copy(update={"key": self._world.new_id("auto")})\n',
        "            pass\n",
        "tests/client/test_seat.py::test_a_create_whose_queen_dies_before_she_answers_is_made_once",
    ),
    Sabotage(
        "begun before it is kept that it is",
        RUN,
        "            await self.log.settled()\n",
        "            pass\n",
        "tests/registry/test_run.py::test_what_may_not_be_done_twice_begins_once_it_is_kept_that_it_does",
    ),
    Sabotage(
        "lost, and run again unasked",
        RECOVERY,
        "    if record.attempt <= record.terms.retry:\n",
        "    if record.attempt <= record.terms.retry + 1:\n",
        f"{FATES}::test_an_inference_begins_anew_as_often_as_was_agreed",
    ),
    Sabotage(
        "nobody sees to what a dead queen left",
        "queenlib/router.py",
        "        await asyncio.gather(*(router._recover(record) for record in await state.registry.unfinished()))\n",
        "",
        KILLED,
    ),
    Sabotage(
        "cancelled, and run again",
        RECOVERY,
        '    if record.state is State.CANCELLING and record.reason == "cancel":\n',
        "    if False:\n",
        f"{FATES}::test_what_somebody_cancelled_is_cancelled",
    ),
    Sabotage(
        "a reader who is not told what a power loss took",
        "queenlib/router.py",
        "    if epoch is None or epoch >= record.epoch or after < record.epoch_seq:\n",
        "    if True:\n",
        "tests/flow/test_durable.py::test_a_reader_of_a_log_that_was_set_back_is_told",
    ),
    Sabotage(
        "workers that outlive their queen",
        "queenlib/hives/posix.py",
        "        _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)\n",
        "        pass\n",
        "tests/client/test_queen.py::test_a_killed_process_leaves_no_orphan",
    ),
)
"""What is done twice, by two, or not at all."""

SABOTAGES = (*SHOWN, *KEPT, *ONCE)
