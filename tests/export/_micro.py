"""Run by `test_micro` in an environment with `tflite-micro` alone: one file on one input, its output into another file.

python _micro.py MODEL.tflite INPUT.npy OUTPUT.npy
"""

import sys

import numpy as np
from tflite_micro import runtime

ARENA_BYTES = 1 << 24


def main(model: str, given: str, wanted: str) -> None:
    with open(model, "rb") as file:
        interpreter = runtime.Interpreter.from_bytes(file.read(), arena_size=ARENA_BYTES)
    interpreter.set_input(np.load(given), 0)
    interpreter.invoke()
    np.save(wanted, interpreter.get_output(0))


main(*sys.argv[1:])
