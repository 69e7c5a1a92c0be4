"""Recurrent models on the device beside what a user could pick instead.

`cases` says which models, `contestants` who runs them, `timing` has the protocol, `apart` gives it a fresh process,
`quiet` waits while others slow the machine down, `comparison` is one run of all, `bars` says what is to be reached,
`report` and `plot` show it.  `profile` says where the time of a step goes.
"""
