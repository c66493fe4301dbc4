"""The description of the API, as OpenAPI 3.1: its schemas are made from the messages themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from queenlib.http.describing import answered, endpoint, parameter, ref
from queenlib.http.filters import describe_filter
from queenlib.http.schemas import schemas
from queenlib.messages.change import MOST, Kind
from queenlib.messages.job import (
    JOB_PATTERN,
    KEY_PATTERN,
    RETRIES,
    TAG_PATTERN,
    TAGS,
    TIMEOUT_S,
)
from queenlib.messages.place import EVERY_MS, MANY
from queenlib.version import __version__

_TAGS = {"type": "array", "maxItems": TAGS, "items": {"type": "string", "pattern": TAG_PATTERN}}

_UNKNOWN = {"404": "There is no such job."}
_TAKEN = {
    "408": "The body did not come in time.",
    "413": "The body is too long.",
    "415": "The body is not called application/json.",
    "422": "The payload is not an operation; every bad field is named.",
    "503": "There is no room for another job; Retry-After says when to come again.",
}


@cache
def document() -> bytes:
    """The whole description, as JSON."""
    described = {
        "openapi": "3.1.0",
        "info": {"title": "queenlib", "version": __version__, "description": "Everything is a job with a log."},
        "security": [{"token": []}],
        "paths": _paths(),
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": schemas(),
        },
    }
    return json.dumps(described).encode()


def _paths() -> dict[str, Any]:
    job = parameter("job_id", "path", {"type": "string"}, "The job's id, or a unique beginning of it.")
    health = endpoint(
        "health", "It answers.", answered("200", {"type": "object", "properties": {"status": {"const": "ok"}}})
    )
    return {
        "/health": {"get": {**health, "security": []}},
        "/openapi.json": {"get": endpoint("openapi", "This description.", answered("200", {"type": "object"}))},
        "/v1/info": {"get": endpoint("info", "Who answers.", answered("200", ref("QueenInfo")))},
        "/v1/jobs": {
            "get": endpoint("list_jobs", "A page of jobs, newest first.", answered("200", ref("JobListing")), _paging()),
            "post": _create(),
            "delete": _cancel(),
        },
        "/v1/jobs/{job_id}": {
            "get": endpoint("get_job", "A job as it is now.", answered("200", ref("JobRecord")), [job], _UNKNOWN),
            "delete": endpoint("cancel_job", "Cancel a job; answered when it has ended.",
                                answered("200", ref("JobRecord")), [job], _UNKNOWN),
        },
        "/v1/jobs/{job_id}/snapshot": {
            "get": endpoint("snapshot_job", "A job so far; its stream from `job.last_seq` on misses nothing.",
                             answered("200", ref("Snapshot")), [job], _UNKNOWN),
        },
        "/v1/jobs/{job_id}/stream": {"get": _stream(job)},
        "/v1/jobs/{job_id}/log": {
            "delete": endpoint("delete_job", "Remove a job that has ended, for good.",
                                answered("200", ref("Deleted")), [job], {**_UNKNOWN, "409": "It has not ended."}),
        },
        "/v1/stream": {"get": _streams()},
        "/v1/watch/{kind}": {"get": _watch()},
        "/v1/prune": {"post": _prune()},
    }  # fmt: skip


def _create() -> dict[str, Any]:
    when = {"enum": ["now", "on_stream"], "default": "now"}
    start = parameter("start", "query", when, "When the job starts: now, or when its stream is first asked for.")
    times = {"type": "integer", "minimum": 0, "maximum": RETRIES, "default": 0}
    retry = parameter("retry", "query", times, "How often an inference that was cut off is run again.")
    key = parameter("Idempotency-Key", "header", {"type": "string", "pattern": KEY_PATTERN}, "The same key, the same job.")
    tag = parameter("tag", "query", _TAGS, "The creator's own words for the job; the field is sent once for each.")
    end = {"type": "number", "minimum": 0.001, "maximum": TIMEOUT_S}
    timeout = parameter("timeout", "query", end, "Seconds from now until the job has to have ended.")
    prefer = parameter("Prefer", "header", {"type": "string"}, "With return=representation the answer has the job, too.")
    repeats = parameter("repeats", "query", {"type": "string", "pattern": JOB_PATTERN}, "The job that this one does again.")
    body = {"required": True, "content": {"application/json": {"schema": ref("Operation")}}}
    other = {
        "404": "There is no such job to repeat.",
        "409": "A job with this key was created with another payload.",
        "507": "The disk is full.",
    }
    ticket = {"anyOf": [ref("JobTicket"), ref("CreatedJob")]}
    made = endpoint(
        "create_job", "Create a job, once.", answered("201", ticket), [start, retry, tag, timeout, repeats, key, prefer],
        {**_TAKEN, **other},
    )  # fmt: skip
    return {**made, "requestBody": body}


def _cancel() -> dict[str, Any]:
    said = "That all jobs are meant; without a filter, it has to be said."
    everything = parameter("everything", "query", {"type": "boolean", "default": False}, said)
    summary = "Cancel the jobs that are chosen and have not ended; one that takes long to end is answered as `cancelling`."
    return endpoint("cancel_jobs", summary, answered("200", ref("Cancelled")), [everything, *_choosing()])


def _prune() -> dict[str, Any]:
    number = {"type": ["number", "null"], "minimum": 0, "maximum": 2**53}
    schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "age_s": {**number, "description": "Remove what ended longer ago, in seconds."},
            "size": {
                **number,
                "type": ["integer", "null"],
                "description": "Remove the oldest until so many bytes are left.",
            },
            "dry_run": {"type": "boolean", "default": False, "description": "Only say what would be removed."},
        },
    }
    made = endpoint(
        "prune_jobs", "Remove jobs that have ended, by age and by size.", answered("200", ref("Pruned")), [], _TAKEN
    )
    return {**made, "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _stream(job: Mapping[str, Any]) -> dict[str, Any]:
    number = {"type": "integer", "minimum": 0}
    after = parameter("after", "query", {**number, "default": 0}, "Only events with greater numbers.")
    few = {"type": "integer", "minimum": 0, "maximum": EVERY_MS, "default": 0}
    every = parameter(
        "every_ms", "query", few, "What comes within so many milliseconds comes together; pieces of an answer are joined."
    )
    last = parameter("Last-Event-ID", "header", number, "The same; it goes before `after`.")
    said = "Each event's id is its number, its type the event's type, its data one line of JSON; it ends after `end`."
    answers = {
        "200": {"description": said, "content": {"text/event-stream": {"schema": ref("Event")}}},
        "204": {"description": "The job has ended, and the reader has seen all of it."},
    }
    epoch = parameter("Queen-Epoch", "header", number, "That of the stream which the reader had, where it comes back.")
    beyond = {"409": "The number is past the last event, or a power loss has taken back what the reader had."}
    return endpoint(
        "stream_job", "Follow a job to its end.", answers, [job, after, every, last, epoch], {**_UNKNOWN, **beyond}
    )


def _streams() -> dict[str, Any]:
    each = {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": MANY}
    job = parameter("job", "query", each, "ID or ID:AFTER, once for each job: only its events with greater numbers.")
    dotted = {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)*$"}
    last = parameter("Last-Event-ID", "header", dotted, "A number for each job, in order; it goes before what `job` says.")
    epoch = parameter("Queen-Epoch", "header", dotted, "That of the stream which the reader had: a number for each job.")
    said = (
        "Events of all these jobs, those of one in order; it ends after the `end` of each. An event's id has a number for "
        "each job, in the order of the query, with dots between them: where its reader is. The data says whose it is."
    )
    answers = {
        "200": {"description": said, "content": {"text/event-stream": {"schema": ref("Event")}}},
        "204": {"description": "All have ended, and the reader has seen all of them."},
    }
    beyond = {"409": "A number is past the last event, or a power loss has taken back what the reader had."}
    parameters = [{**job, "required": True}, last, epoch]
    return endpoint("stream_jobs", "Follow several jobs to their ends.", answers, parameters, {**_UNKNOWN, **beyond})


def _watch() -> dict[str, Any]:
    kind = parameter("kind", "path", {"enum": [str(each) for each in Kind]}, "What is watched.")
    after = parameter("after", "query", {"type": "string"}, "The revision that the reader has: only what changed since.")
    last = parameter("Last-Event-ID", "header", {"type": "string"}, "The same; it goes before `after`.")
    hive = parameter("hive", "query", {"type": "string"}, "Whose workers, or the hive that jobs were asked for on.")
    limit = parameter(
        "limit", "query", {"type": "integer", "minimum": 1, "maximum": MOST, "default": 100}, "Jobs in the list."
    )
    said = (
        "Events of the type `change`, whose id is their revision; the stream has no end. The first has the whole list, and "
        "so has one that comes too late for what changed meanwhile: `reset` is true. What chooses jobs is for `jobs` alone."
    )
    schema = {"oneOf": [ref(f"{each.capitalize()}Change") for each in Kind]}
    answers = {"200": {"description": said, "content": {"text/event-stream": {"schema": schema}}}}
    choosing = [each for each in _choosing() if each["name"] != "hive"]
    unknown = {"404": "There is no such hive."}
    return endpoint("watch", "Watch things change.", answers, [kind, after, last, limit, hive, *choosing], unknown)


def _paging() -> list[dict[str, Any]]:
    return [
        parameter("limit", "query", {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}, "Jobs on a page."),
        parameter("cursor", "query", {"type": "string", "pattern": "^[0-9]{1,15}$"}, "`next` of the page before."),
        *_choosing(),
    ]


def _choosing() -> list[dict[str, Any]]:
    return [parameter(name, "query", schema, said) for name, schema, said in describe_filter()]
