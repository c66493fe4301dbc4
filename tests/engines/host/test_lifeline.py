"""How a worker's process is tied to the one above it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

BEGIN = "from queenlib.engines.host import lifeline; config = lifeline.begin(); "


def run(code: str, given: bytes, *, close: bool = True) -> subprocess.Popen[bytes]:
    """A process that does `code` and was given something on its input."""
    process = subprocess.Popen([sys.executable, "-P", "-c", code], stdin=-1, stdout=-1, stderr=-1)
    assert process.stdin
    process.stdin.write(given)
    process.stdin.flush()
    if close:
        process.stdin.close()
    return process


def finish(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """What it wrote, after its end."""
    assert process.stdout
    assert process.stderr
    with process:
        return process.stdout.read(), process.stderr.read()


def test_config_is_the_first_line() -> None:
    """The first line is the configuration; what is said comes out as lines of JSON."""
    process = run(BEGIN + "lifeline.say({'got': config['a']})", b'{"a": "\xc3\xa9"}\n', close=False)
    out, _ = finish(process)
    assert json.loads(out) == {"got": "é"}


@pytest.mark.parametrize("given", [b"", b"{}\n"])
def test_end_of_input_ends_it(given: bytes) -> None:
    """A process whose input ends, before or after its configuration, ends with 0, whatever it is doing."""
    process = run(BEGIN + "import threading; threading.Event().wait()", given)
    assert process.wait(timeout=20) == 0
    finish(process)


def test_failing() -> None:
    """A worker that fails says why and ends with 1."""
    process = run(BEGIN + "lifeline.fail('no luck')", b"{}\n", close=False)
    out, _ = finish(process)
    assert json.loads(out) == {"type": "failed", "reason": "no luck"}
    assert process.returncode == 1


def test_output_is_for_control_alone() -> None:
    """What an engine prints goes to the log, not among the control messages."""
    code = BEGIN + "out = lifeline.keep_output(); print('chatter', flush=True); lifeline.say({'type': 'x'}, to=out)"
    out, err = finish(run(code, b"{}\n", close=False))
    assert json.loads(out) == {"type": "x"}
    assert err == b"chatter\n"


@pytest.mark.parametrize("module", ["queenlib.engines.host.llama_cpp", "queenlib.engines.host.simulated"])
def test_hosts_import_nothing_of_ours(module: str) -> None:
    """What runs in a worker brings the standard library and its siblings only; the real engine is imported when it loads."""
    code = f"import sys, {module}; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    out = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, check=True, text=True).stdout.split()
    others = {name for name in out if name not in sys.stdlib_module_names and not name.startswith(("_", "encodings"))}
    assert others <= {"queenlib", "sitecustomize", "usercustomize"} | {name for name in others if "editable" in name}
