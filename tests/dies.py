"""A training in a process of its own that sends itself a signal: `python dies.py RECIPE OUT STAGE NUMBER SIGNAL`.

It does so at the NUMBER-th report of STAGE (`training`, `saving`, `validating`, `evaluating`).  What is saved is
gone on with, as `zoo train RECIPE --out OUT --resume --deterministic` does.
"""

import os
import signal
import sys

from zoo.training import load_recipe, train


def main(recipe: str, out: str, stage: str, number: str, name: str) -> None:
    left = int(number)

    def report(now: str, done: int, total: int) -> None:
        nonlocal left
        left -= now == stage
        if left == 0:
            os.kill(os.getpid(), signal.Signals[name])

    train(load_recipe(recipe), out, resume=True, deterministic=True, report=report)


if __name__ == "__main__":
    main(*sys.argv[1:])
