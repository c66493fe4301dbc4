"""Whether something gets on is seen from outside."""

import os
import signal
import subprocess
import sys

from queenlib.hives.progress import STEP_BYTES, STEP_CPU_S, Seen, Vigil, look
from tests.hives.leaping import Leaping

READS = "import sys; data = open(sys.executable, 'rb').read(); print(len(data), flush=True); sys.stdin.read()"


async def test_reading_and_filling_memory_is_progress() -> None:
    """Each begins the time anew, what is said as well; too little of it does not."""
    world = Leaping()
    vigil = Vigil(world, still_s=60, fruitless_s=300)
    for seen in (Seen(memory=STEP_BYTES), Seen(STEP_BYTES, read=STEP_BYTES), None):
        await world.leap(59)
        assert vigil.silent_s() is None
        vigil.got_on() if seen is None else vigil.note(seen)
    await world.leap(50)
    vigil.note(Seen(STEP_BYTES + 10, STEP_BYTES + 10))
    await world.leap(11)
    assert 61 <= (vigil.silent_s() or 0) < 62


async def test_computing_alone_is_not_progress_for_ever() -> None:
    """It is a sign of life for a while; then it counts as standing still."""
    world = Leaping()
    vigil = Vigil(world, still_s=60, fruitless_s=300)
    for number in range(1, 6):
        await world.leap(55)
        vigil.note(Seen(cpu_s=number * STEP_CPU_S * 1.1))
        assert vigil.silent_s() is None
    await world.leap(30)
    assert 305 <= (vigil.silent_s() or 0) < 310


def test_a_real_process_is_looked_at() -> None:
    """What it holds, has read and has computed; a stopped one does not change, one that is gone is nothing."""
    with subprocess.Popen((sys.executable, "-c", READS), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        read = int(process.stdout.readline())
        seen = look(process.pid)
        assert seen is not None
        assert seen.memory > STEP_BYTES
        assert seen.cpu_s >= 0
        assert seen.read >= read or seen.read == 0  # where the system does not tell
        os.kill(process.pid, signal.SIGSTOP)
        assert look(process.pid) == look(process.pid)
        process.kill()
    assert look(process.pid) is None
