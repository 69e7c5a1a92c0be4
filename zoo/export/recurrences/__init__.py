"""Recurrences on TFLite built-ins: the equations of each cell, their ranges in int8, and the forms that a sequence takes.

`cells` -> `masking` (one step) -> `pieces` (what is converted) -> `unrolled` and `blocked` (what is assembled of it).
"""
