"""What a bundle's inputs and outputs are called, at the address where scripts that compare files with Keras ask."""

from zoo.sources.deployed import input_names, output_names

__all__ = ["input_names", "output_names"]
