"""Comparisons of speed: contestants beside each other, in one run, on one machine."""
