"""From whatever a user has to one Keras model: checked `.keras` and `.h5` files, and the form that a device can have.

`zoo export` converts what comes from here and `zoo verify` compares with it, so both mean the same model.
"""
