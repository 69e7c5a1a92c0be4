"""One way to run an artifact, whatever its target: named arrays in, named arrays out, a call at a time.

A `.tflite` file runs on LiteRT in this process, through the runner that ships; a SavedModel on TensorFlow, in a child
process that has no zoo.
"""

import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np

from zoo._system.progress import ignore
from zoo.data.columns import blocks
from zoo.errors import BundleError
from zoo.runtime.engine.litert import LiteRTRunner
from zoo.verify.measures import latency
from zoo.verify.running.interpreted import on_interpreter

SCRIPT = Path(__file__).with_name("_saved_model_script.py")
MANY = 256
"""Rows in a call of a signature that takes any number of them."""
MOST_BYTES = 2**26
"""Of the inputs that lie on disk for a SavedModel at a time."""

Arrays = Mapping[str, np.ndarray]


class LiteRTArtifact:
    """A `.tflite` file on the LiteRT runtime, one thread.

    Args:
        path: the file.
        part: the signature that is run.
    """

    def __init__(self, path: Path, part: str = "predict"):
        self._part = part
        self._runner = LiteRTRunner(path, threads=1)
        self.rows = (max(1, next(iter(self._runner.signatures[part].inputs.values())).shape[0]),)
        """Numbers of rows that a call may have."""

    def outputs(
        self, inputs: Arrays, rows: int | None = None, report=ignore, stage: str = "", part: str | None = None
    ) -> dict[str, np.ndarray]:
        """Runs every example: inputs and outputs are by name, (n, ...), in the model's units."""
        results, count, part = [], len(next(iter(inputs.values()))), part or self._part
        names = list(self._runner.signatures[part].inputs)
        for done, group in _groups(count, rows or self.rows[-1]):
            results.append(self._runner.run(part, **{name: inputs[name][group] for name in names}))
            if done % MANY == 0:
                report(stage, done, count)
        report(stage, count, count)
        return {name: np.concatenate([each[name] for each in results])[:count] for name in results[0]}

    def run(self, signature: str, /, **arrays: np.ndarray) -> dict[str, np.ndarray]:
        """One call of any signature; see `zoo.runtime.decode.Runner`."""
        return self._runner.run(signature, **arrays)

    def times(self, inputs: Arrays, part: str | None = None) -> list[float]:
        """µs an inference, one figure a burst, with the first example already in place."""
        run = _in_place(self._runner, part or self._part, {name: array[:1] for name, array in inputs.items()})
        return latency.take_turns({"artifact": run})["artifact"]

    def times_on_interpreter(self, inputs: Arrays, part: str | None = None) -> list[float]:
        """The same on LiteRT's plain Interpreter."""
        part = part or self._part
        first = _repeated(self._runner, part, {name: array[:1] for name, array in inputs.items()})
        run = on_interpreter(self._runner.path.read_bytes(), first, part)
        return latency.take_turns({"artifact": run})["artifact"]


class SavedModelArtifact:
    """A SavedModel on TensorFlow, in a child process that serves it; `open_artifact` starts and ends the process.

    Args:
        child: the process, which runs `SCRIPT`.
        part: the signature that is run.
        scratch: a folder for arrays on their way.
        talk: the file into which the child prints what it has to say.
    """

    def __init__(self, child: subprocess.Popen, part: str, scratch: Path, talk: IO[str]):
        self._child, self._part, self._scratch, self._talk = child, part, scratch, talk
        self.signatures = self._answer()
        if part not in self.signatures:
            raise BundleError(f"the SavedModel has no signature `{part}`: it has {', '.join(self.signatures)}")
        batch = next(iter(self.signatures[part].values()))[0][0]
        self.rows = (batch,) if batch else (1, MANY)
        """Numbers of rows that a call may have."""

    def outputs(
        self, inputs: Arrays, rows: int | None = None, report=ignore, stage: str = "", part: str | None = None
    ) -> dict[str, np.ndarray]:
        """Runs every example: inputs and outputs are by name, (n, ...)."""
        part, rows, count = part or self._part, rows or self.rows[-1], len(next(iter(inputs.values())))
        wanted, results = [inputs[name] for name in self.signatures[part]], []
        row_bytes = sum(math.prod(column.shape[1:]) * column.dtype.itemsize for column in wanted)
        for block in blocks(count, rows * max(1, MOST_BYTES // (rows * row_bytes))):
            results.append(self._run(part, {name: inputs[name][block] for name in self.signatures[part]}, rows))
            report(stage, block.stop, count)
        return {name: np.concatenate([each[name] for each in results]) for name in results[0]}

    def run(self, signature: str, /, **arrays: np.ndarray) -> dict[str, np.ndarray]:
        """One call of any signature; see `zoo.runtime.decode.Runner`."""
        if signature not in self.signatures:
            raise BundleError(f"the SavedModel has no signature `{signature}`: it has {', '.join(self.signatures)}")
        return self._run(signature, arrays, len(next(iter(arrays.values()))))

    def times(self, inputs: Arrays, part: str | None = None) -> list[float]:
        """µs an inference by CPU time of the process, one figure a burst."""
        first = {name: array[:1] for name, array in inputs.items()}
        return self._ask("time", part or self._part, first, rows=self.rows[0])["times_us"]

    def peak_memory_bytes(self, inputs: Arrays) -> int | None:
        """What loading the SavedModel, and running one example of it, adds to its process; to be asked for first."""
        self.outputs({name: array[:1] for name, array in inputs.items()}, self.rows[0])
        return self._request({"do": "memory"})["peak_memory_bytes"]

    def _run(self, signature: str, inputs: Arrays, rows: int) -> dict[str, np.ndarray]:
        found = self._scratch / "outputs.npz"
        self._ask("run", signature, inputs, rows=rows, outputs=str(found))
        with np.load(found) as arrays:
            return dict(arrays)

    def _ask(self, do: str, signature: str, inputs: Arrays, **more) -> dict:
        given = self._scratch / "inputs.npz"
        np.savez(given, **{name: inputs[name] for name in self.signatures[signature]})
        return self._request({"do": do, "signature": signature, "inputs": str(given), **more})

    def _request(self, request: dict) -> dict:
        try:
            self._child.stdin.write(json.dumps(request) + "\n")
            self._child.stdin.flush()
        except BrokenPipeError:
            pass  # `_answer` says how the child ended
        return self._answer()

    def _answer(self) -> dict:
        line = self._child.stdout.readline()
        if not line:
            self._talk.seek(0)
            talk = [text.strip() for text in self._talk.read().splitlines() if text.strip()]
            raise BundleError(
                f"the SavedModel cannot be run without the zoo: {(talk or ['its process ended'])[-1][:300]}"
            )
        answer = json.loads(line)
        if "error" in answer:
            raise BundleError(f"the SavedModel cannot be run: {answer['error']}")
        return answer


@contextmanager
def open_artifact(target: str, path: Path, part: str = "predict") -> Iterator[LiteRTArtifact | SavedModelArtifact]:
    """An artifact ready to run.

    Args:
        target: what kind of artifact it is.
        path: its file or folder.
        part: the signature that is run.

    Raises:
        BundleError: it cannot be loaded.
    """
    if target != "saved_model":
        yield LiteRTArtifact(path, part)
        return
    command, pipe = [sys.executable, "-I", str(SCRIPT), str(path)], subprocess.PIPE
    with (
        tempfile.TemporaryDirectory() as scratch,
        open(Path(scratch) / "talk.txt", "w+") as talk,
        subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=talk, text=True) as child,
    ):
        try:
            yield SavedModelArtifact(child, part, Path(scratch), talk)
        finally:
            child.terminate()


def one_inference(path: Path, example: Arrays, part: str = "predict", threads: int = 1) -> Callable[[], None]:
    """A function that runs the graph of a `.tflite` file and nothing else, its input having been put in place.

    Args:
        path: the file.
        example: inputs by name, (1, ...), in the model's units; a signature with a larger batch gets it in every row.
        part: the signature whose graph is run.
        threads: of the CPU kernels.
    """
    return _in_place(LiteRTRunner(path, threads), part, example)


def _in_place(runner: LiteRTRunner, part: str, example: Arrays) -> Callable[[], None]:
    return runner.prepare(part, **_repeated(runner, part, example))


def _repeated(runner: LiteRTRunner, part: str, example: Arrays) -> dict[str, np.ndarray]:
    """One example in as many rows as a signature takes."""
    inputs = runner.signatures[part].inputs
    return {name: np.repeat(example[name], max(1, tensor.shape[0]), axis=0) for name, tensor in inputs.items()}


def _groups(count: int, rows: int) -> Iterator[tuple[int, np.ndarray | slice]]:
    """(examples done before, index of the next `rows` examples); the last group is filled up with the last example."""
    for begin in range(0, count, rows):
        whole = begin + rows <= count
        yield begin, slice(begin, begin + rows) if whole else np.minimum(np.arange(begin, begin + rows), count - 1)
