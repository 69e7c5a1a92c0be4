"""Running the two sides of every comparison on the same examples: the Keras model, and the artifacts made from it."""
