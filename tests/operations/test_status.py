"""The operations that look at everything, with no router in sight."""

import asyncio
from pathlib import Path

from queenlib.hives.catalog import HiveCatalog
from queenlib.home import Home
from queenlib.messages.hive import HiveStop
from queenlib.messages.status import CheckReport, HiveCheck, QueenCheck, Status, StatusReport
from queenlib.operations import hive, status
from queenlib.world import World
from tests.operations.conftest import last_of


async def test_status_shows_all_hives(hives: HiveCatalog) -> None:
    """Every hive with its workers."""
    report = await last_of(status.status(Status(), hives))
    assert isinstance(report, StatusReport)
    assert [hive.id for hive in report.hives] == ["local", "ant"]


async def test_a_hive_is_checked_by_a_worker_that_answers(hives: HiveCatalog) -> None:
    """The check brings a worker up and takes it down again."""
    report = await last_of(status.hive_check(HiveCheck(hive_id="ant"), hives, World()))
    assert isinstance(report, CheckReport)
    assert report.ok, report
    assert hives.get("ant").workers.infos() == ()


async def test_checks_do_not_disturb_each_other(hives: HiveCatalog) -> None:
    """Several at once are all well, though each takes its worker down; one of a stopped hive says how to start it."""
    checks = (last_of(status.hive_check(HiveCheck(hive_id="ant"), hives, World())) for _ in range(3))
    assert all(isinstance(report, CheckReport) and report.ok for report in await asyncio.gather(*checks))
    assert hives.get("ant").workers.infos() == ()
    await last_of(hive.hive_stop(HiveStop(hive_id="ant"), hives))
    report = await last_of(status.hive_check(HiveCheck(hive_id="ant"), hives, World()))
    assert isinstance(report, CheckReport)
    (check,) = [each for each in report.checks if not each.ok]
    assert (check.name, "queen.hives.start" in check.remedy) == ("worker", True)


async def test_a_home_that_others_can_look_into_is_not_ok(hives: HiveCatalog, tmp_path: Path) -> None:
    """The queen's check finds it and says what to do."""
    home = Home.open(tmp_path / "open")
    home.path.chmod(0o755)
    report = await last_of(status.queen_check(QueenCheck(), hives, home, World(), "smollm2-135m"))
    assert isinstance(report, CheckReport)
    (check,) = [each for each in report.checks if each.name == "home"]
    assert (check.ok, report.ok) == (False, False)
    assert "chmod 700" in check.remedy
