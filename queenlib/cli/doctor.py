"""`queenlib doctor`: the self-tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from queenlib.cli.ending import FAILED, ending

if TYPE_CHECKING:
    from queenlib.messages.status import Check


def doctor() -> None:
    """Test queen and machine, and say what to do."""
    with ending():
        from queenlib.client.queen import Queen
        from queenlib.terminal import Terminal

        terminal = Terminal()
        checks: list[Check] = []
        with Queen() as queen:
            for about, job in (("queen", queen.check()), ("hive local", queen.check("local"))):
                report = job.wait()
                terminal.report(about, report)
                checks += report.checks
        well = sum(check.ok for check in checks)
        typer.echo(f"{well} of {len(checks)} checks are well.")
        if well < len(checks):
            raise typer.Exit(FAILED)
