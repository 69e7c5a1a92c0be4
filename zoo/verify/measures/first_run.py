"""The first run of a `.tflite` file, in a child process: a file can end the process that runs it."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import zoo

MODULE = "zoo.verify.measures._first_run"
GREETINGS = ("INFO:", "WARNING:", "└")


@dataclass(frozen=True)
class FirstRun:
    """What came of it."""

    peak_memory_bytes: int | None = None
    """What loading and running the file added to its process at the most; None where the system does not say."""
    failure: str | None = None
    """Why it could not be run, in words; None where it could."""


def first_run(path: Path, engine: str = "best", timeout: float = 300) -> FirstRun:
    """Loads and runs every signature of a file on zeros.

    Args:
        path: the .tflite file.
        engine: what runs it, one of `zoo.runtime.engine.engines.ENGINES`.
        timeout: seconds until it counts as hanging.
    """
    home = str(Path(zoo.__file__).resolve().parent.parent)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([home, *filter(None, [os.environ.get("PYTHONPATH")])])}
    command = [sys.executable, "-P", "-m", MODULE, str(path), engine]
    try:
        child = subprocess.run(command, capture_output=True, text=True, timeout=timeout, env=environment)
    except subprocess.TimeoutExpired:
        return FirstRun(failure=f"did not end its first run within {timeout:.0f} s")
    if child.returncode == 0:
        return FirstRun(json.loads(child.stdout.splitlines()[-1])["peak_memory_bytes"])
    return FirstRun(failure=f"{ending(child.returncode)}: {last_line(child.stderr)}")


def ending(code: int) -> str:
    """How a process ended, by its exit code."""
    return f"ended the process that ran it ({signal.Signals(-code).name})" if code < 0 else "could not be run"


def last_line(talk: str) -> str:
    """The last line that says something, cut to a length that fits into a sentence; LiteRT's greetings say nothing."""
    lines = [line.strip() for line in talk.splitlines() if line.strip() and not line.startswith(GREETINGS)]
    return lines[-1][:300] if lines else "it said nothing"
