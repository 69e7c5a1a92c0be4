"""Recurrent models on the device beside what a user could pick instead.

`cases` says which models, `contestants` who runs them, `protocol` how they are timed, `comparison` is one run of all,
`bars` says what is to be reached, `report` and `plot` show it.  `profile` says where the time of a step goes.
"""
