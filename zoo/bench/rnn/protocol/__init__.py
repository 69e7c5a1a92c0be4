"""How contestants are timed.

`timing` has the rules, `apart` gives them a fresh process, `quiet` waits while others slow the machine down, `machine`
says what that is.
"""
