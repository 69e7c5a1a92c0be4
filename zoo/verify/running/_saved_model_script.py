"""A script: serves a SavedModel to the gates from a process that cannot import the zoo, as its users may not have it.

    python -I _saved_model_script.py FOLDER

It prints one JSON line that describes the signatures, then answers each JSON line of its input by one of its output:

    {"do": "run", "signature": "predict", "inputs": "in.npz", "outputs": "out.npz", "rows": 256}
        -> {}
    {"do": "time", "signature": "predict", "inputs": "in.npz", "rows": 1}
        -> {"times_us": [...]}
    {"do": "memory"}
        -> {"peak_memory_bytes": 1}

An error is answered by {"error": "..."}.
"""

import json
import os
import sys
import time

sys.modules["zoo"] = None  # from here on `import zoo` fails, also where it is installed
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
answers, sys.stdout = sys.stdout, sys.stderr  # what TensorFlow prints must not get between the answers

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

BURST_S = 0.015
ROUNDS = 30
BUDGET_S = 3.0


class Served:
    """The signatures of a loaded SavedModel as functions on named NumPy arrays."""

    def __init__(self, folder):
        self.module = tf.saved_model.load(folder)  # kept: its variables live as long as it does
        self.signatures = {
            name: function for name, function in self.module.signatures.items() if name != "serving_default"
        } or dict(self.module.signatures)

    def describe(self):
        """{signature: {input: [shape, dtype]}}; an open size is null."""
        return {
            name: {key: [list(spec.shape), spec.dtype.name] for key, spec in self._specs(name).items()}
            for name in self.signatures
        }

    def call(self, signature, arrays):
        specs = self._specs(signature)
        tensors = {key: tf.constant(arrays[key], specs[key].dtype) for key in specs}
        return {key: value.numpy() for key, value in self.signatures[signature](**tensors).items()}

    def _specs(self, name):
        return self.signatures[name].structured_input_signature[1]


def calls(arrays, rows):
    """The rows in groups of `rows`; the last group is filled up with its last row."""
    count = len(next(iter(arrays.values())))
    for begin in range(0, count, rows):
        index = np.minimum(np.arange(begin, begin + rows), count - 1)
        yield {key: array[index] for key, array in arrays.items()}


def run(served, request):
    arrays = dict(np.load(request["inputs"]))
    count = len(next(iter(arrays.values())))
    results = [served.call(request["signature"], group) for group in calls(arrays, request["rows"])]
    np.savez(request["outputs"], **{key: np.concatenate([each[key] for each in results])[:count] for key in results[0]})
    return {}


def measure_time(served, request):
    """CPU time of the process: TensorFlow runs in threads of its own."""
    group = next(calls(dict(np.load(request["inputs"])), request["rows"]))
    function, specs = served.signatures[request["signature"]], served._specs(request["signature"])
    tensors = {key: tf.constant(group[key], specs[key].dtype) for key in specs}
    function(**tensors)
    begin = time.process_time()
    function(**tensors)
    once = max(1e-6, time.process_time() - begin)
    runs, times = max(1, round(BURST_S / once)), []
    for _ in range(max(5, min(ROUNDS, round(BUDGET_S / (once * runs))))):
        begin = time.process_time()
        for _ in range(runs):
            function(**tensors)
        times.append((time.process_time() - begin) / runs * 1e6)
    return {"times_us": times}


def memory(served, request):
    return {"peak_memory_bytes": None if BEFORE is None else max(0, resident("VmHWM") - BEFORE)}


def resident(key):
    try:
        with open("/proc/self/status") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith(key))
    except OSError:
        return None


def answer(value):
    print(json.dumps(value), file=answers, flush=True)


if __name__ == "__main__":
    # One thread: the figure stands beside those of LiteRT, and a machine's cores belong to others too.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    BEFORE = resident("VmRSS")
    served = Served(sys.argv[1])
    answer(served.describe())
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer({"run": run, "time": measure_time, "memory": memory}[request["do"]](served, request))
        except Exception as error:  # whatever it is, the caller must hear of it
            answer({"error": f"{type(error).__name__}: {error}"[:1000]})
