"""Recurrences on TFLite built-ins: where a model has them, their equations, their ranges in int8, and their forms.

`holes` finds them; `cells` has the equations and `masking` one step; `recurrence` says which pieces are converted, and
`unrolled` and `blocked` put these together; `simulate` runs the equations at once, for the `ranges` of int8.
"""
