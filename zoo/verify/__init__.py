"""Gates, measurements and cards: what ships has been run and measured.

`gates.py` is the table of bounds; `running/` runs Keras and the artifacts on the same examples, `measures/` has one
file a measurement, `examine.py` puts the three together, `cards/` writes down what came of it and renders it,
`verification.py` does it all again to a bundle that is there.
"""
