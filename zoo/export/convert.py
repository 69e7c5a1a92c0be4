"""The TFLite converter behind a pipe: `Converter` is the client of a process that imports TensorFlow once and converts.

The converter is C++ that crashes on some models: calibration ends with a segmentation fault where a WHILE carries a
float tensor unchanged, as the loop of every Keras recurrence does.  In a process of its own that costs a sentence.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf

import zoo
from zoo.errors import ConversionError
from zoo.export.blame import first_words
from zoo.export.refusal import RefusedError

_LAST_LINES = 6
"""How many lines of a dead process's talk an error quotes."""


class Converter:
    """Converts TensorFlow functions; one process serves all conversions until `close`, and a new one follows a crash.

        with Converter() as converter:
            data = converter.convert({"predict": function}, "float32")

    Args:
        time_limit: seconds that one conversion may take.
    """

    def __init__(self, time_limit: float = 900.0):
        self.time_limit = time_limit
        self._talk = tempfile.TemporaryFile("w+")  # noqa: SIM115 - `close` closes it
        self._process: subprocess.Popen | None = None
        self._start()  # it imports TensorFlow while the caller still traces

    def __enter__(self) -> Converter:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """Ends the process."""
        self._stop()
        self._talk.close()

    def convert(
        self, functions: Mapping[str, object], target: str, calibration: Mapping[str, np.ndarray] | None = None
    ) -> bytes:
        """Converts functions to one file with a signature each.

        Args:
            functions: TensorFlow's concrete functions, by the signature's name.
            target: `float32`, `float16`, `dynamic_int8`, `int8`, `int16x8`, or `fake_quant`: int8 by ranges that stand
                in the functions themselves.
            calibration: for `int8` and `int16x8`, which take one function: (runs, *shape) for each of its inputs.

        Raises:
            RefusedError: the converter refused.
            ConversionError: it crashed, or took longer than `time_limit`.
        """
        with tempfile.TemporaryDirectory(prefix="zoo-convert-") as folder:
            folder = Path(folder)
            try:
                _save(functions, folder / "saved_model")
            except Exception as error:  # a table of words, say, which is no variable
                raise RefusedError(first_words(error)) from error
            if calibration is not None:
                np.savez(folder / "calibration.npz", **calibration)
            request = {"convert": str(folder), "signatures": list(functions), "target": target}
            if refused := self._ask(request, "the TFLite converter"):
                raise RefusedError(refused)
            return (folder / "converted.tflite").read_bytes()

    def cpu_seconds(self) -> float:
        """CPU time that the process has used so far, TensorFlow's import included; 0 where the system does not say."""
        try:
            fields = Path(f"/proc/{self._process.pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        except (AttributeError, OSError):  # no process, or not Linux
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def first_run(self, path: Path) -> None:
        """Runs a `.tflite` file for the first time, in the process, which it may end.

        Raises:
            ConversionError: it could not be run, or ended the process.
        """
        if refused := self._ask({"run": str(path)}, "LiteRT"):
            raise ConversionError(f"LiteRT could not run the file: {refused}")

    def _ask(self, request: dict, who: str) -> str | None:
        """Why a request was refused; None where it was done."""
        if self._process is None or self._process.poll() is not None:
            self._start()
        said_before = os.fstat(self._talk.fileno()).st_size
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            answer = self._read_line(who)
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise self._death(who, said_before)
        return json.loads(answer)["refused"]

    def _read_line(self, who: str) -> str:
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            if not selector.select(self.time_limit):
                self._stop()
                raise ConversionError(
                    f"{who} did not end within {self.time_limit:.0f} s",
                    "a smaller model or a shorter length converts faster",
                )
        return self._process.stdout.readline()

    def _start(self) -> None:
        self._stop()
        home = str(Path(zoo.__file__).resolve().parent.parent)
        path = os.pathsep.join([home, *filter(None, [os.environ.get("PYTHONPATH")])])
        self._talk.seek(0)
        self._talk.truncate()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "zoo.export.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._talk,
            text=True,
            # TensorFlow imports Keras 3 whoever needs it, and the libraries that this finds: a second and a half.
            env={**os.environ, "PYTHONPATH": path, "CUDA_VISIBLE_DEVICES": "", "TF_USE_LEGACY_KERAS": "1"},
        )

    def _stop(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()
        self._process = None

    def _death(self, who: str, said_before: int) -> ConversionError:
        code = self._process.wait()
        how = f"died of {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        self._talk.seek(said_before)
        lines = _telling(self._talk.read().splitlines())
        self._stop()
        said = "; its last lines:\n  " + "\n  ".join(lines) if lines else ""
        return ConversionError(f"{who} {how}{said}")


def _telling(talk: list[str]) -> list[str]:
    """The last words of a process: what it said before its death, and where in Python it was, innermost first."""
    lines = [line.strip()[:200] for line in talk if line.strip() and not line.startswith("Extension modules")]
    fatal = [number for number, line in enumerate(lines) if line.startswith("Fatal Python error")]
    last = fatal[-1] + _LAST_LINES if fatal else len(lines)
    return lines[:last][-_LAST_LINES - 2 :]


def _save(functions: Mapping[str, object], folder: Path) -> None:
    module = tf.Module()
    module.variables_of_functions = [variable for function in functions.values() for variable in function.variables]
    # Gradients are of no use here, and those of `swish` cannot be saved once a function has been pruned.
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
    tf.saved_model.save(module, str(folder), signatures=dict(functions), options=options)
