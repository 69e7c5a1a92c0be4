"""Recurrent models on the device beside what a user could pick instead.

`cases` says which models, `models` builds them, `contestants` is who runs them, `timing` how they are timed, each case
in a `subprocess` of its own; `comparison` is one run of all, `bars` says what is to be reached, `report` and `plot`
show it.  `forms` measures what the form `auto` goes by, `runtimes` our files on both runtimes, and `profile` where the
time of a step goes.
"""
