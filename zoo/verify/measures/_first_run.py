"""A script: runs a .tflite file for the first time, in a process of its own, and prints what that took.

    python -I _first_run.py FILE.tflite        ->  {"peak_memory_bytes": 1234567}

It imports nothing of the zoo: what is measured is the file and LiteRT alone.
"""

import contextlib
import json
import sys
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

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


def run(path: str, times: int = 3) -> None:
    """Loads the file and runs every signature of it on zeros."""
    interpreter = Interpreter(path, num_threads=1)
    for name in interpreter.get_signature_list():
        runner = interpreter.get_signature_runner(name)
        zeros = {key: np.zeros(item["shape"], item["dtype"]) for key, item in runner.get_input_details().items()}
        for _ in range(times):
            runner(**zeros)


if __name__ == "__main__":
    forget_peak()
    before = resident("VmRSS")
    run(sys.argv[1])
    after = resident("VmHWM")
    print(json.dumps({"peak_memory_bytes": None if before is None else max(0, after - before)}))
