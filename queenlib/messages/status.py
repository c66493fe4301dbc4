"""Operations that look at everything, and the self-tests."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from queenlib.messages.base import Message, Milliseconds, Name, Operation, Recovery, Result
from queenlib.messages.hive import HiveInfo


class StatusReport(Result):
    """The hives and their workers."""

    hives: tuple[HiveInfo, ...]


class Check(Message):
    """One thing looked at, in plain words."""

    name: str
    ok: bool
    detail: str
    """What was found."""
    remedy: str = ""
    """What to do about it, if it is not ok."""
    took_ms: Milliseconds = 0.0


class CheckReport(Result):
    """What a self-test found."""

    ok: bool
    """Whether all is well."""
    checks: tuple[Check, ...]


class Status(Operation):
    """Look at all hives and their workers."""

    operation: Literal["status"] = "status"
    recovery: ClassVar = Recovery.READ
    result_model: ClassVar = StatusReport
    run_limit_s: ClassVar = 30.0


class QueenCheck(Operation):
    """Test the queen itself: its home, its clock, its engine, its models."""

    operation: Literal["queen_check"] = "queen_check"
    recovery: ClassVar = Recovery.READ
    result_model: ClassVar = CheckReport
    run_limit_s: ClassVar = 120.0


class HiveCheck(Operation):
    """Test a hive: its devices, its guardian, and a simulated worker that answers."""

    operation: Literal["hive_check"] = "hive_check"
    hive_id: Annotated[Name, Field(description="which hive")] = "local"
    recovery: ClassVar = Recovery.READ
    result_model: ClassVar = CheckReport
    run_limit_s: ClassVar = 120.0
