"""Trains a recipe: `python recipes/train.py recipes/resnet_tiny.digits.yaml`, the same as `zoo train`, with the same options."""

import sys

from zoo.cli import main

if __name__ == "__main__":
    sys.argv.insert(1, "train")
    main()
