"""Gates, measurements and cards: what ships has been run and measured.

`gates.py` is the table of bounds; `ground.py` is what Keras says, `artifacts.py` runs what is compared with it, `measures/` has one
file a measurement, `examine.py` puts the three together, `cards.py` writes down what came of it, `render.py` shows it,
`verification.py` does it all again to a bundle that is there.
"""
