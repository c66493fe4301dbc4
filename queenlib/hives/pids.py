"""Processes that are told apart for certain: by pid and by when they started, never by pid alone."""

from __future__ import annotations

from dataclasses import dataclass

import psutil

from queenlib.hives import posix


@dataclass(frozen=True)
class Pid:
    """One process, for ever: another that gets its number later is not it."""

    number: int
    started: float | None
    """When it started, in seconds, as the system tells it; `None` if it had ended before one could ask."""

    @classmethod
    def of(cls, number: int) -> Pid:
        """The process that has this number now."""
        try:
            return cls(number, psutil.Process(number).create_time())
        except psutil.Error:
            return cls(number, None)

    def alive(self) -> bool:
        """Whether it runs; one that has ended and waits to be reaped does not."""
        try:
            process = psutil.Process(self.number)
            return process.create_time() == self.started and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False

    def stopped(self) -> bool:
        """Whether somebody has stopped it (SIGSTOP), so that it does nothing for now."""
        try:
            return bool(psutil.Process(self.number).status() == psutil.STATUS_STOPPED)
        except psutil.Error:
            return False

    def listens(self, port: int) -> bool:
        """Whether it is this process that listens on a port of this machine, as far as the system lets us see."""
        try:
            sockets = psutil.Process(self.number).net_connections("tcp") if self.alive() else []
        except psutil.Error:
            return False
        return any(each.status == psutil.CONN_LISTEN and each.laddr.port == port for each in sockets)

    def command(self) -> str:
        """How it was started; empty where that cannot be seen."""
        try:
            return " ".join(psutil.Process(self.number).cmdline()) if self.alive() else ""
        except psutil.Error:
            return ""

    def signal(self, number: int) -> bool:
        """Send it a signal, if it is still it; whether that was done."""
        try:
            process = psutil.Process(self.number)
            if process.create_time() != self.started:
                return False
            process.send_signal(number)  # which looks once more whether it is another by now
        except psutil.Error:
            return False
        return True

    def kill_group(self) -> None:
        """Kill it and its group, if it is still it."""
        if self.alive():
            posix.kill_group(self.number)
