"""A script: runs a .tflite file for the first time, in a process of its own, and prints what that took.

    python -m zoo.verify.measures._first_run FILE.tflite [ENGINE]       ->  {"peak_memory_bytes": 1234567}

All that it imports, and what LiteRT takes to start, is there before it measures.
"""

import contextlib
import json
import sys
from pathlib import Path

from zoo.runtime.engine.engines import environment, rehearse

STATUS = Path("/proc/self/status")


def resident(key: str) -> int | None:
    """`VmRSS`, what the process holds now, or `VmHWM`, the most it held, bytes; None where the system does not say."""
    if not STATUS.exists():
        return None
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(key))
    return int(line.split()[1]) * 1024


def forget_peak() -> None:
    """Lets `VmHWM` begin again at what the process holds now, where the system allows that."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


if __name__ == "__main__":
    environment()
    forget_peak()
    before = resident("VmRSS")
    rehearse(Path(sys.argv[1]).read_bytes(), 3, *sys.argv[2:])
    after = resident("VmHWM")
    print(json.dumps({"peak_memory_bytes": None if before is None else max(0, after - before)}))
