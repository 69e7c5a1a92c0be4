"""What tests share: the real command, and data sets that may be missing in a stranger's clone."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

# No test depends on the clock of the machine that runs it, nor a check that decides on chance.
settings.register_profile("zoo", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("zoo")

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def require_data():
    """A function `require_data(name) -> DataSet`: the data set, prepared, or the end of the test."""
    from zoo.data import get_data
    from zoo.errors import DataError

    def require(name: str):
        data = get_data(name)
        try:
            data.check_ready()
        except DataError as error:
            if os.environ.get("ZOO_REQUIRE_DATA") == "1":
                raise
            pytest.skip(str(error))
        return data

    return require


@pytest.fixture(scope="session")
def converter():
    """One converter process for all exports, since it takes seconds to start."""
    from zoo.export import one_converter

    with one_converter() as converter:
        yield converter


@pytest.fixture(scope="session")
def zoo():
    """A function that runs the real command: `zoo("list", "resnet*")` -> CompletedProcess with text streams."""
    executable = Path(sys.executable).with_name("zoo")

    def run(
        *arguments: object,
        code: int | None = 0,
        cwd: Path | None = None,
        env: dict | None = None,
        timeout: float = 600,
        room: int | None = None,
    ):
        """`code`: the exit status that is expected; None takes any.  `room`: bytes that a file may take at most."""
        process = subprocess.run(
            [executable, *map(str, arguments)],
            capture_output=True,
            text=True,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            timeout=timeout,
            preexec_fn=room and (lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))),
        )
        assert code is None or process.returncode == code, (
            f"exit {process.returncode}\n{process.stdout}\n{process.stderr}"
        )
        return process

    return run


@pytest.fixture(scope="session")
def dies():
    """A function that trains in a process of its own and sends it a signal, SIGKILL unless another is named.

    `dies(recipe, out, stage, number)` -> what it said on stderr; see `dies.py`.  `env`: more of its environment.
    """

    def run(recipe: Path, out: Path, stage: str, number: int, name: str = "SIGKILL", code: int = -9, env=None) -> str:
        command = [sys.executable, Path(__file__).with_name("dies.py"), recipe, out, stage, str(number), name]
        process = subprocess.run(
            command, capture_output=True, text=True, timeout=600, env={**os.environ, **(env or {})}
        )
        assert process.returncode == code, process.stderr
        return process.stderr

    return run
