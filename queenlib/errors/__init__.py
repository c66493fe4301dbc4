"""Every error that queenlib raises, near and far.

    QueenError
    ├─ InvalidOperation                the payload is not an operation; every bad field is named
    ├─ InvalidRequest                  a request that is not one: a body, a header or a cursor that cannot be read
    ├─ Forbidden                       no token, a wrong one, or a foreign Host or Origin
    ├─ TooLarge                        a body over its limit
    ├─ NotFound
    │  ├─ UnknownJob  UnknownHive  UnknownWorker  UnknownModel  UnknownDevice
    ├─ Conflict
    │  ├─ IllegalTransition            a step that the table of states does not have; nothing changed
    │  ├─ NameTaken                    a hive, a worker or a model's alias of that name exists already
    │  ├─ InUse                        it cannot be removed or changed while something uses it
    │  ├─ KeyConflict                  a job with this key exists, and its payload is another
    │  ├─ HomeTaken                    another queen has this home
    │  ├─ HiveStopped                  the hive was stopped by hand and starts only when told to
    │  ├─ StreamReset                  a power loss set the log back, and it has gone on differently since
    │  └─ StreamBeyondEnd              a cursor past the last event of the log
    ├─ StoreUnusable                   the store cannot be opened: damaged, behind, newer, foreign, read-only, on a network
    ├─ QueueFull                       no room for another job now; says when to come again
    │  └─ QueenDraining                she lets her jobs end, and takes no further one
    ├─ ProtocolMismatch                queen and client are of versions that cannot speak with each other
    ├─ QueenUnreachable                nothing answers at the queen's address, or not in time
    ├─ StreamInterrupted               a stream broke and could not be resumed; carries the last `seq` seen
    ├─ NotEnded                        a job had not ended when the time to wait for it was over; it goes on
    └─ JobFailed                       a job's work ended without its result
       ├─ InternalError                a defect of queenlib; carries the remote traceback as text
       ├─ JobTimeout                   a deadline passed: queue, run or wait
       ├─ QueenClosed                  the queen was closed under the job
       ├─ JobCancelled                 somebody cancelled it
       ├─ JobLost                      its queen died; whether the work finished cannot be known
       ├─ StoreFailed                  the store could not keep a new job, or what happened to one
       │  ├─ StoreFull                 the disk is full
       │  ├─ StoreBusy                 another program keeps it locked
       │  └─ StaleEpoch                a newer queen has opened it
       ├─ NoRoom                       the machine has not what was asked for
       ├─ MissingExtra                 an optional dependency is not installed
       ├─ EngineError                  the engine refused or broke off a request
       │  ├─ PromptTooLong             refused with the counts
       │  ├─ NoEmbeddings              the worker, or its model, makes no vectors of texts
       │  ├─ WorkerDied                its process ended; carries exit code, signal and last lines
       │  ├─ WorkerStalled             it is alive and gives nothing
       │  ├─ WorkerProtocol            it answered something that is not its protocol
       │  ├─ NotAsked                  the queen could open no connection to it; it was not asked
       │  └─ NotStopped                it was told to stop and did not within its time
       ├─ MissingCell                  a row of a batch has nothing in a cell that its question needs
       ├─ InvalidAnswer                an answer is not of its schema, or was cut off
       ├─ TooManyFailures              more rows of a batch failed than were allowed
       └─ ModelError
          ├─ DownloadFailed            the source could not be reached or broke off
          ├─ WrongChecksum             the bytes are not the promised ones
          └─ ModelFileError            the file is missing, cut off or no GGUF

An error has four parts: *what* happened (with numbers), *why*, what *state* things are in now, and what to do *next*
(a line that one can paste). The same class with the same fields is raised near and far: `QueenError.problem` writes an
error as plain data, `revive` makes it the same error again.
"""

from __future__ import annotations

from queenlib.errors.base import QueenError, revive
from queenlib.errors.endings import (
    DownloadFailed,
    EngineError,
    InternalError,
    InvalidAnswer,
    JobCancelled,
    JobFailed,
    JobLost,
    JobTimeout,
    MissingCell,
    MissingExtra,
    ModelError,
    ModelFileError,
    NoEmbeddings,
    NoRoom,
    NotAsked,
    NotStopped,
    PromptTooLong,
    QueenClosed,
    StaleEpoch,
    StoreBusy,
    StoreFailed,
    StoreFull,
    TooManyFailures,
    WorkerDied,
    WorkerProtocol,
    WorkerStalled,
    WrongChecksum,
)
from queenlib.errors.refusals import (
    Conflict,
    Forbidden,
    HiveStopped,
    HomeTaken,
    IllegalTransition,
    InUse,
    InvalidOperation,
    InvalidRequest,
    KeyConflict,
    NameTaken,
    NotEnded,
    NotFound,
    ProtocolMismatch,
    QueenDraining,
    QueenUnreachable,
    QueueFull,
    StoreUnusable,
    StreamBeyondEnd,
    StreamInterrupted,
    StreamReset,
    TooLarge,
    UnknownDevice,
    UnknownHive,
    UnknownJob,
    UnknownModel,
    UnknownWorker,
)

__all__ = [
    "Conflict", "DownloadFailed", "EngineError", "Forbidden", "HiveStopped", "HomeTaken", "IllegalTransition", "InUse",
    "InternalError", "InvalidAnswer", "InvalidOperation", "InvalidRequest", "JobCancelled", "JobFailed", "JobLost",
    "JobTimeout", "KeyConflict", "MissingCell", "MissingExtra", "ModelError", "ModelFileError", "NameTaken",
    "NoEmbeddings", "NoRoom", "NotAsked", "NotEnded", "NotFound", "NotStopped", "PromptTooLong", "ProtocolMismatch",
    "QueenClosed", "QueenDraining", "QueenError", "QueenUnreachable", "QueueFull", "StaleEpoch", "StoreBusy",
    "StoreFailed", "StoreFull", "StoreUnusable", "StreamBeyondEnd", "StreamInterrupted", "StreamReset", "TooLarge",
    "TooManyFailures", "UnknownDevice", "UnknownHive", "UnknownJob", "UnknownModel", "UnknownWorker", "WorkerDied",
    "WorkerProtocol", "WorkerStalled", "WrongChecksum", "revive",
]  # fmt: skip
