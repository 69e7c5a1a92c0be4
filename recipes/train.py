"""Trains a recipe: `python recipes/train.py recipes/resnet_tiny.digits.yaml` is `zoo train` with its options."""

import sys

from zoo.cli import main

if __name__ == "__main__":
    sys.argv.insert(1, "train")
    main()
