"""The oracle: what has to be true of a home after any fault, whatever happened."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from itertools import pairwise
from typing import Any

from queenlib.engines.host.journal import digest
from queenlib.errors import IllegalTransition
from queenlib.messages.events import AttemptEvent, EndEvent, StateEvent
from queenlib.messages.state import State
from queenlib.registry.states import step
from tests.faults.fates import broken_fates
from tests.faults.history import Create, Folded, Log, Logged, Noted, ProcessTable, Views


def check_invariants(log: Log, views: Views, worker_journal: Sequence[Noted], process_table: ProcessTable) -> None:
    """Check I1 to I8, I10 and I13, and that each job that a queen died under has the fate that was promised.

    Args:
        log: What the store says when the queen was started again, and all has ended.
        views: What readers saw and clients were told, before and after.
        worker_journal: What the simulated workers were asked.
        process_table: What is left of the queens that died.

    Raises:
        AssertionError: One or more do not hold; each violation is a line.
    """
    found = [
        *_gap_free(log, views),
        *_alike(log, views),
        *_one_end(log),
        *_visible(log, views),
        *_acknowledged(log, views),
        *_once(log, views, worker_journal),
        *_no_orphans(process_table),
        *_fenced(log, views),
        *_ended(log),
        *_conserved(log, views),
        *broken_fates(log),
    ]
    if found:
        raise AssertionError("\n".join([f"{len(found)} violations:", *found]))


def _gap_free(log: Log, views: Views) -> Iterator[str]:
    for job_id, job in log.jobs.items():
        seqs = [event.seq for event in job.events]
        if seqs != list(range(1, len(seqs) + 1)) or job.record.last_seq != len(seqs):
            yield f"I1 {job_id}: its log has events {seqs[:20]}…, and its record says {job.record.last_seq}"
    reached: dict[tuple[str, str], int] = {}
    for seen in views.seen:
        seqs = [seq for seq, _ in seen.lines]
        if seqs != list(range(seen.after + 1, seen.after + 1 + len(seqs))):
            yield f"I1 {seen.job_id}: {seen.reader} asked for what comes after {seen.after} and got {seqs[:20]}…"
        if seen.after > reached.setdefault((seen.reader, seen.job_id), seen.after):
            had = reached[seen.reader, seen.job_id]
            yield f"I1 {seen.job_id}: {seen.reader} came back after {seen.after} and had only seen {had}"
        last = reached[seen.reader, seen.job_id] = max([seen.after, *seqs])
        there = log.jobs.get(seen.job_id)
        if seen.whole and there is not None and last != there.record.last_seq:
            yield f"I1 {seen.job_id}: {seen.reader} was told that all ended with {last}"


def _alike(log: Log, views: Views) -> Iterator[str]:
    for seen in views.seen:
        job = log.jobs.get(seen.job_id)
        for seq, line in seen.lines:
            if job is not None and 0 < seq <= len(job.events) and line != job.events[seq - 1].line:
                yield f"I2 {seen.job_id} {seq}: {seen.reader} saw {line!r}, and the log has {job.events[seq - 1].line!r}"
                break


def _one_end(log: Log) -> Iterator[str]:
    for job_id, job in log.jobs.items():
        ends = [event.seq for event in job.events if isinstance(event, EndEvent)]
        if ends != ([len(job.events)] if job.record.state.ended else []):
            yield f"I3 {job_id}: {len(job.events)} events, ends at {ends}, and its record says {job.record.state}"
        folded = Folded.of(job.events)
        for field in fields(folded):
            told, kept = getattr(folded, field.name), getattr(job.record, field.name)
            if told != kept:
                yield f"I3 {job_id}: its events say that {field.name} is {told!r}, its record says {kept!r}"
        yield from _legal(job)


def _legal(job: Logged) -> Iterator[str]:
    states = [State.QUEUED]
    for event in job.events[1:]:
        if isinstance(event, StateEvent | EndEvent):
            states.append(event.data.state)
        elif isinstance(event, AttemptEvent):
            states.append(State.QUEUED)
    for old, new in pairwise(states):
        try:
            step(job.record.id, old, new)
        except IllegalTransition as error:
            yield f"I3 {job.record.id}: {error.what}"


def _visible(log: Log, views: Views) -> Iterator[str]:
    shown = {(seen.job_id, seq, seen.reader) for seen in views.seen for seq, _ in seen.lines[-1:]}
    shown |= {(told.record.id, told.record.last_seq, f"who asked to {told.verb}") for told in views.told}
    shown |= {(job_id, 1, "a listing") for listing in views.listings for job_id, _ in listing.jobs}
    for seen in views.seen:
        if seen.refused:
            yield f"I4 {seen.job_id}: {seen.reader} was refused what comes after event {seen.after}: {seen.refused}"
    for job_id, seq, who in sorted(shown):
        if job_id not in log.jobs:
            yield f"I4 {job_id}: {who} saw event {seq}, and there is no such job"
        elif seq > len(log.jobs[job_id].events):
            yield f"I4 {job_id}: {who} saw event {seq}, and the log has {len(log.jobs[job_id].events)}"


def _acknowledged(log: Log, views: Views) -> Iterator[str]:
    for create in views.creates:
        if create.job_id is None or create.conflict:
            continue
        job = log.jobs.get(create.job_id)
        if job is None:
            yield f"I5 {create.job_id}: it was acknowledged, and is not there"
        elif (wanted := create.kept()) != job.record.request:
            yield f"I5 {create.job_id}: {wanted} was acknowledged, and {job.record.request} is there"
        elif (create.retry, create.start) != (job.record.terms.retry, job.record.terms.start):
            yield f"I5 {create.job_id}: its terms are {job.record.terms}"
        elif create.key not in (None, job.record.terms.key):
            yield f"I5 {create.job_id}: its key is {job.record.terms.key}, and was {create.key}"
    for told in views.told:
        job = log.jobs.get(told.record.id)
        private = {"result"} if told.record.request.get("private") else set()
        if job is None or told.record.model_dump(exclude=private) != job.record.model_dump(exclude=private):
            there = job.record if job else None
            yield f"I5 {told.record.id}: who asked to {told.verb} it was told {told.record!r}, and there is {there!r}"


def _once(log: Log, views: Views, journal: Sequence[Noted]) -> Iterator[str]:
    of_key: dict[str, list[Create]] = defaultdict(list)
    for create in views.creates:
        if create.key is not None and create.job_id is not None:
            of_key[create.key].append(create)
    for key, creates in of_key.items():
        if len({create.job_id for create in creates}) > 1:
            yield f"I6 {key}: it is the key of {sorted({str(create.job_id) for create in creates})}"
        if len({create.said() for create in creates if not create.conflict}) > 1:
            yield f"I6 {key}: it was taken for more than one payload"
        if any(
            create.conflict and create.said() == other.said()
            for create in creates
            for other in creates
            if not other.conflict
        ):
            yield f"I6 {key}: the same payload was refused and taken"
    for each, count in Counter(job.record.terms.key for job in log.jobs.values()).items():
        if each is not None and count > 1:
            yield f"I6 {each}: {count} jobs have it"
    yield from _starts(log, views, journal)


def _starts(log: Log, views: Views, journal: Sequence[Noted]) -> Iterator[str]:
    told = {create.job_id: create.payload for create in views.creates if create.job_id and not create.conflict}
    unknown = {digest(create.payload["prompt"]) for create in views.creates if create.payload.get("private")}
    starts = Counter(noted.prompt for noted in journal if noted.what == "start")
    allowed: Counter[str] = Counter()
    for job_id, job in log.jobs.items():
        if job.record.operation != "infer":
            continue
        prompt = digest(str(told.get(job_id, job.record.request).get("prompt")))
        allowed[prompt] += job.record.attempt
        if job.record.state is State.SUCCEEDED and not starts[prompt]:
            yield f"I6 {job_id}: it succeeded, and no worker was asked"
        if starts[prompt] > allowed[prompt]:
            yield f"I6 {job_id}: {starts[prompt]} starts in {allowed[prompt]} attempts"
    for prompt in starts.keys() - allowed.keys() - unknown:
        yield f"I6 a worker was asked {prompt}, which is in no job"


def _no_orphans(process_table: ProcessTable) -> Iterator[str]:
    for pid in process_table.processes:
        yield f"I7 process {pid.number}, started at {pid.started}, has outlived its queen"
    for address in process_table.addresses:
        yield f"I7 somebody still listens at {address}"


def _fenced(log: Log, views: Views) -> Iterator[str]:
    for job_id, job in log.jobs.items():
        epochs = [event.data.epoch for event in job.events if isinstance(event, AttemptEvent | EndEvent)]
        known = [epoch for epoch in epochs if epoch is not None]
        if known != sorted(known) or max([job.record.epoch, *known]) > log.epoch:
            yield f"I8 {job_id}: its epochs are {known}, then {job.record.epoch}; the store's is {log.epoch}"
    for job_id in sorted(views.stale & log.jobs.keys()):
        yield f"I8 {job_id}: a queen created it after another had opened her store"


def _ended(log: Log) -> Iterator[str]:
    for job_id, job in log.jobs.items():
        unasked = job.record.terms.start == "on_stream" and len(job.events) == 1
        if not job.record.state.ended and not unasked:
            yield f"I10 {job_id}: it is {job.record.state} ({job.record.reason}) since event {job.events[-1].seq}"


def _conserved(log: Log, views: Views) -> Iterator[str]:
    for listing in views.listings:
        ids = [job_id for job_id, _ in listing.jobs]
        if len(ids) != len(set(ids)):
            yield f"I13 a listing has jobs twice: {[job_id for job_id, n in Counter(ids).items() if n > 1]}"
        if missing := listing.known - set(ids):
            yield f"I13 a listing lacks {sorted(missing)}"
        for job_id, state in listing.jobs:
            job = log.jobs.get(job_id)
            if job is not None and state.ended and state is not job.record.state:
                yield f"I13 {job_id}: a listing had it {state}, and it is {job.record.state}"
    told = {create.job_id for create in views.creates}
    asked = Counter(_told_apart(create.kept()) for create in views.creates if create.job_id is None)
    made = Counter(_told_apart(job.record.request) for job_id, job in log.jobs.items() if job_id not in told)
    for request in made - asked:
        yield f"I13 nobody asked for {request}"


def _told_apart(request: Mapping[str, Any]) -> str:
    return json.dumps(request, sort_keys=True)
