"""Where peers live: an environment for each lock of them, never the one that queenlib is in."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def environment(name: str) -> Path:
    """The folder of an environment in `.cache/NAME`, installed if it is not there as `requirements/NAME.txt` says."""
    lock, place = ROOT / "requirements" / f"{name}.txt", ROOT / ".cache" / name
    stamp = place / "stamp"
    if not stamp.exists() or stamp.read_bytes() != lock.read_bytes():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(place)], check=True)
        pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-input", "--only-binary", ":all:"]
        # A lock is whole: nothing is left to resolve, at which pip stumbles over extras that have hashes.
        whole = ["--disable-pip-version-check", "--no-deps", "--require-hashes", "-r", str(lock)]
        subprocess.run([*pip, *whole], check=True)
        shutil.copyfile(lock, stamp)
    return place
