"""The schemas say what is sent and answered."""

from __future__ import annotations

from queenlib.http.schemas import schemas
from queenlib.messages.parse import OPERATIONS


def test_every_operation_is_in_it() -> None:
    """By its name on the wire, with its schema and its result's."""
    made = schemas()
    assert made["Operation"]["discriminator"]["mapping"].keys() == OPERATIONS.keys()
    for operation in OPERATIONS.values():
        assert made[operation.result_model.__name__]["properties"], operation


def test_every_answer_is_in_it() -> None:
    """By the name of its message; what holds another one refers to it."""
    made = schemas()
    assert made["CreatedJob"]["properties"]["job"] == {"$ref": "#/components/schemas/JobRecord"}
    assert {"JobTicket", "JobListing", "QueenInfo", "Snapshot", "Cancelled", "Pruned", "Deleted"} <= made.keys()
    assert {"JobsChange", "HivesChange", "WorkersChange", "ProblemAnswer", "Event"} <= made.keys()
