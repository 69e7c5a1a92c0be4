"""A training in a process with little memory: `python limited.py RECIPE OUT BYTES [NUMBER]`.

Beside what it holds when TensorFlow is at work, the process may take so many BYTES.  It kills itself after NUMBER
steps; what is saved is gone on with.
"""

import os
import resource
import signal
import sys
from pathlib import Path

from zoo.data import get_data
from zoo.training import load_recipe, train

WARM_UP = {"epochs": 1, "batch_size": 256, "reach": {"accuracy": 0}, "warmup_epochs": 0}


def main(recipe: str, out: str, room: str, number: str = "0") -> None:
    # Threads and their arenas are there before the limit is, which counts them as if they were used.
    train(load_recipe("stacked_rnn_tiny.digits", WARM_UP), Path(out) / "warm", deterministic=True)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + int(room)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    parsed, left = load_recipe(recipe), int(number)
    examples = get_data(parsed.data).load("train").inputs["image"]
    assert examples.dtype.itemsize * examples.shape[0] * examples[:1].size > int(room)

    def report(stage: str, done: int, total: int) -> None:
        nonlocal left
        left -= stage == "training"
        if left == 0 and stage == "training":
            os.kill(os.getpid(), signal.SIGKILL)

    train(parsed, Path(out) / "runs", resume=True, deterministic=True, report=report)


if __name__ == "__main__":
    main(*sys.argv[1:])
